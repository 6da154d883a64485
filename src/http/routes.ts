import type { Endpoint } from "./frame/endpoint.ts";
import { alertEndpoints } from "./routes/operation/alerts.ts";
import { agentEndpoints } from "./routes/agents/agents.ts";
import { backupEndpoints } from "./routes/operation/backup.ts";
import { discoverEndpoints } from "./routes/agents/discover.ts";
import { drainEndpoints } from "./routes/agents/drain.ts";
import { entryEventEndpoints } from "./routes/operation/entry-events.ts";
import { eventEndpoints } from "./routes/operation/events.ts";
import { healthCheckEndpoints } from "./routes/services/health-checks.ts";
import { healthEndpoints } from "./routes/operation/health.ts";
import { heartbeatEndpoints } from "./routes/agents/heartbeats.ts";
import { importEndpoints } from "./routes/agents/import.ts";
import { keyEndpoints } from "./routes/operation/keys.ts";
import { legacyLookupEndpoints } from "./routes/legacy/lookup.ts";
import { legacyOwnEntryEndpoints } from "./routes/legacy/own-entry.ts";
import { metricEndpoints } from "./routes/operation/metrics.ts";
import { outcomeEndpoints } from "./routes/services/outcomes.ts";
import { providingEndpoints } from "./routes/toolsets/providing.ts";
import { watchEndpoints } from "./routes/agents/watch.ts";
import { presenceEndpoints } from "./routes/agents/presence.ts";
import { readinessEndpoints } from "./routes/services/readiness.ts";
import { resolveEndpoints } from "./routes/services/resolve.ts";
import { runtimeServiceEndpoints } from "./routes/services/runtime-services.ts";
import { serviceEndpoints } from "./routes/services/services.ts";
import { registerEndpoints } from "./routes/agents/register.ts";
import { statsEndpoints } from "./routes/agents/stats.ts";
import { subscriptionEndpoints } from "./routes/operation/subscriptions.ts";
import { sweepEndpoints } from "./routes/operation/sweep.ts";
import { serverCardEndpoints } from "./routes/server-cards.ts";
import { mcpEndpoints } from "./routes/mcp.ts";
import { callEndpoints } from "./routes/toolsets/calls.ts";
import { toolsetEndpoints } from "./routes/toolsets/toolsets.ts";

/** Every route there is. */
export const endpoints: readonly Endpoint[] = [
  ...registerEndpoints,
  ...agentEndpoints,
  ...heartbeatEndpoints,
  ...presenceEndpoints,
  ...drainEndpoints,
  ...importEndpoints,
  ...discoverEndpoints,
  ...watchEndpoints,
  ...statsEndpoints,
  ...eventEndpoints,
  ...entryEventEndpoints,
  ...sweepEndpoints,
  ...alertEndpoints,
  ...backupEndpoints,
  ...metricEndpoints,
  ...keyEndpoints,
  ...serviceEndpoints,
  ...subscriptionEndpoints,
  ...resolveEndpoints,
  ...outcomeEndpoints,
  ...readinessEndpoints,
  ...healthCheckEndpoints,
  ...runtimeServiceEndpoints,
  ...toolsetEndpoints,
  ...callEndpoints,
  ...providingEndpoints,
  ...mcpEndpoints,
  ...serverCardEndpoints,
  ...legacyOwnEntryEndpoints,
  ...legacyLookupEndpoints,
  ...healthEndpoints,
];
