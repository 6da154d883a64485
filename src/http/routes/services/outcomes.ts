import * as z from "zod";
import { entryId, label } from "../../../core/names.ts";
import { orThrow, Problem } from "../../../core/problem.ts";
import { unlessRefused } from "../../../registry/batch.ts";
import { type Outcome, reportOutcomes, type TakenOutcome } from "../../../registry/services/report.ts";
import { SELECTION_ID } from "../../../registry/services/selection-id.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { check } from "../../../core/check.ts";

const BATCH_MAX = 500;

const outcome = z.strictObject({
  service: label(256),
  provider_id: entryId,
  selection_id: z.string().regex(SELECTION_ID, "must be as resolve gave it").nullish(),
  success: z.boolean(),
  latency_ms: z.number().min(0).max(86_400_000).optional(),
  error: z.string().max(4096).optional(),
});
type OutcomeInput = z.output<typeof outcome>;

const report = endpoint({
  method: "POST",
  path: "/v1/outcomes",
  operationId: "reportOutcomes",
  group: "services",
  scope: "write",
  body: z.union([outcome, z.strictObject({ outcomes: z.array(z.unknown()).min(1).max(BATCH_MAX) })]),
  bodyShape: z.union([outcome, z.strictObject({ outcomes: z.array(outcome).min(1).max(BATCH_MAX) })]),
  refusals: ["invalid_request", "provider_not_found"],
  async handle({ body, asker, namespace, now }) {
    if (!("outcomes" in body)) {
      const [result] = await reportOutcomes(namespace, asker, [outcomeOf(body)], now);
      return { status: 200, body: shown(orThrow(result!)) };
    }
    const items = body.outcomes.map(readItem);
    const results = await unlessRefused(items, (outcomes) => reportOutcomes(namespace, asker, outcomes, now));
    const list = results.map((result, index) => {
      const item = items[index]!;
      const id = item instanceof Problem ? null : item.provider;
      return result instanceof Problem
        ? { index, id, ...itemProblem(result) }
        : { index, id, status: 200, ...shown(result) };
    });
    return { status: 200, body: { results: list } };
  },
});

function readItem(item: unknown): Outcome | Problem {
  const checked = check(outcome, item);
  return checked instanceof Problem ? checked : outcomeOf(checked);
}

const outcomeOf = (input: OutcomeInput): Outcome => ({
  service: input.service,
  provider: input.provider_id,
  selectionId: input.selection_id ?? null,
  success: input.success,
  latencyMs: input.latency_ms,
  error: input.error,
});

const shown = ({ service, provider, counted, circuit, latencyMs }: TakenOutcome) => ({
  service,
  provider_id: provider,
  counted,
  circuit_state: circuit,
  latency_ms: latencyMs,
});

export const outcomeEndpoints = [report];
