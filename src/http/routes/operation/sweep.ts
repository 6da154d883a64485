import { sweep, type SweepSummary } from "../../../registry/sweep.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const run = endpoint({
  method: "POST",
  path: "/v1/sweep",
  operationId: "sweep",
  summary: "Call the roll now, as the cron does every minute",
  group: "operation",
  scope: "admin",
  answers: { 200: { description: "What this run found and told", body: shapes.sweepSummary } },
  refusals: [],
  handle: async ({ namespace, now }) => ({ status: 200, body: shown(await sweep(namespace, now)) }),
});

const shown = ({ durationMs, complete, ...found }: SweepSummary) => ({
  ...found,
  duration_ms: durationMs,
  complete,
});

export const sweepEndpoints = [run];
