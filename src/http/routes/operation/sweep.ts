import * as z from "zod";
import { TTL_SECONDS_MAX } from "../../../core/agents/agent.ts";
import { tellSilent } from "../../../registry/agents/silent.ts";
import { sweep, type SweepSummary } from "../../../registry/sweep.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const run = endpoint({
  method: "POST",
  path: "/v1/sweep",
  operationId: "sweep",
  group: "operation",
  scope: "admin",
  query: z.strictObject({ older_than: param.number(0, TTL_SECONDS_MAX).optional() }),
  refusals: ["invalid_request"],
  async handle({ namespace, query: { older_than: seconds }, now }) {
    const found = await sweep(namespace, now);
    if (seconds === undefined) return { status: 200, body: shown(found) };
    // Last: of a sweep that fails nobody would hear who was marked.
    const { marked, complete } = await tellSilent(namespace, seconds * 1000, now);
    return { status: 200, body: { ...shown(found), marked, complete: found.complete && complete } };
  },
});

const shown = ({ durationMs, complete, ...found }: SweepSummary) => ({
  ...found,
  duration_ms: durationMs,
  complete,
});

export const sweepEndpoints = [run];
