import type { Endpoint } from "./endpoint.ts";
import { agentEndpoints } from "./routes/agents.ts";
import { discoverEndpoints } from "./routes/discover.ts";
import { drainEndpoints } from "./routes/drain.ts";
import { eventEndpoints } from "./routes/events.ts";
import { healthCheckEndpoints } from "./routes/health-checks.ts";
import { healthEndpoints } from "./routes/health.ts";
import { heartbeatEndpoints } from "./routes/heartbeats.ts";
import { importEndpoints } from "./routes/import.ts";
import { legacyEndpoints } from "./routes/legacy-agents.ts";
import { openApiEndpoint } from "./routes/openapi.ts";
import { outcomeEndpoints } from "./routes/outcomes.ts";
import { providingEndpoints } from "./routes/providing.ts";
import { readinessEndpoints } from "./routes/readiness.ts";
import { resolveEndpoints } from "./routes/resolve.ts";
import { runtimeServiceEndpoints } from "./routes/runtime-services.ts";
import { statsEndpoints } from "./routes/stats.ts";
import { sweepEndpoints } from "./routes/sweep.ts";
import { toolCallEndpoints } from "./routes/tool-calls.ts";
import { toolsetEndpoints } from "./routes/toolsets.ts";

/** Every route there is. */
export const endpoints: readonly Endpoint[] = [
  ...agentEndpoints,
  ...heartbeatEndpoints,
  ...drainEndpoints,
  ...importEndpoints,
  ...discoverEndpoints,
  ...statsEndpoints,
  ...eventEndpoints,
  ...sweepEndpoints,
  ...resolveEndpoints,
  ...outcomeEndpoints,
  ...readinessEndpoints,
  ...healthCheckEndpoints,
  ...runtimeServiceEndpoints,
  ...toolsetEndpoints,
  ...toolCallEndpoints,
  ...providingEndpoints,
  ...legacyEndpoints,
  ...healthEndpoints,
  openApiEndpoint(() => endpoints),
];
