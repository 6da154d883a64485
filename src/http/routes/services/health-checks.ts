import { offerName } from "../../../core/services/offers.ts";
import { checkHealth } from "../../../registry/services/health-checks.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const healthChecks = endpoint({
  method: "POST",
  path: "/v1/services/health-checks",
  operationId: "checkServices",
  summary: "Probe the health_url of up to 200 providers now, as the sweep does",
  group: "services",
  scope: "admin",
  answers: {
    200: {
      description: "{handler}.{service}.{provider}: healthy or not, after the check",
      body: shapes.checkResults,
    },
  },
  refusals: [],
  async handle({ namespace, now }) {
    const { offers, untold } = await checkHealth(namespace, "", now);
    if (untold) throw untold;
    const results: Record<string, boolean> = {};
    for (const { offer, unhealthy } of offers) results[offerName(offer)] = unhealthy === undefined;
    return { status: 200, body: results };
  },
});

export const healthCheckEndpoints = [healthChecks];
