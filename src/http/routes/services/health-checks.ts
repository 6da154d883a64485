import { checkHealth } from "../../../registry/services/health-checks.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";

const healthChecks = endpoint({
  method: "POST",
  path: "/v1/services/health-checks",
  operationId: "checkServices",
  summary: "Probe the health_url of up to 200 providers now, as the sweep does",
  scope: "admin",
  answers: {
    200: { description: "{handler}.{service}.{provider}: passed or not", body: shapes.checkResults },
  },
  refusals: [],
  async handle({ namespace, now }) {
    const { results, untold } = await checkHealth(namespace, "", now);
    if (untold) throw untold;
    return { status: 200, body: results };
  },
});

export const healthCheckEndpoints = [healthChecks];
