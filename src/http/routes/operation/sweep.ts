import { checkHealth } from "../../../registry/services/health-checks.ts";
import { sweep, SWEEP_BUDGET } from "../../../registry/sweep.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";

const run = endpoint({
  method: "POST",
  path: "/v1/sweep",
  operationId: "sweep",
  summary: "Call the roll now, as the cron does every minute",
  scope: "admin",
  answers: { 200: { description: "What this run found and told", body: shapes.sweepSummary } },
  refusals: [],
  async handle({ store, namespace, clock }) {
    const check = (after: string, now: number) => checkHealth(namespace, after, now);
    return { status: 200, body: await sweep(store, clock, SWEEP_BUDGET, check) };
  },
});

export const sweepEndpoints = [run];
