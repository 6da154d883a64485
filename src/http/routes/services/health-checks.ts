import { offerName } from "../../../core/services/offers.ts";
import { checkHealth } from "../../../registry/services/health-checks.ts";
import { endpoint } from "../../frame/endpoint.ts";

const healthChecks = endpoint({
  method: "POST",
  path: "/v1/services/health-checks",
  operationId: "checkServices",
  group: "services",
  scope: "admin",
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
