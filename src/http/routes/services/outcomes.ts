import * as z from "zod";
import { entryId, label } from "../../../core/names.ts";
import { circuitState } from "../../../core/services/breaker.ts";
import type { Ref } from "../../../core/entry.ts";
import { offersOf } from "../../../core/services/offers.ts";
import { Problem, orThrow } from "../../../core/problem.ts";
import type { Pool } from "../../../pool/pool.ts";
import type { Report } from "../../../pool/service-pool.ts";
import type { Store } from "../../../store/store.ts";
import { endpoint } from "../../frame/loose.ts";
import { itemProblem } from "../../frame/dialects.ts";
import * as shapes from "../../answers/index.ts";
import { check } from "../../frame/validate.ts";

const BATCH_MAX = 500;

const outcome = z.strictObject({
  service: label(256),
  provider_id: entryId,
  selection_id: z.uuid().optional(),
  success: z.boolean(),
  latency_ms: z.number().min(0).max(86_400_000).optional(),
  error: z.string().max(4096).optional(),
});
type Outcome = z.output<typeof outcome>;

interface Taken {
  service: string;
  provider_id: string;
  counted: boolean;
  circuit_state: string;
  latency_ms: number | null;
}

const report = endpoint({
  method: "POST",
  path: "/v1/outcomes",
  operationId: "reportOutcomes",
  summary: "Say how calls went, one or up to 500; only this and health checks move a breaker",
  scope: "write",
  body: z.union([outcome, z.strictObject({ outcomes: z.array(z.unknown()).min(1).max(BATCH_MAX) })]),
  bodyShape: z.union([outcome, z.strictObject({ outcomes: z.array(outcome).min(1).max(BATCH_MAX) })]),
  answers: { 200: { description: "Taken; a batch has one result per item", body: shapes.outcomeTaken } },
  refusals: ["invalid_request", "provider_not_found"],
  async handle({ body, store, pool, now }) {
    if (!("outcomes" in body)) {
      const [result] = await take([body], store, pool, now);
      return { status: 200, body: orThrow(result!) };
    }
    const items = body.outcomes.map((item) => check(outcome, item));
    const sound = items.flatMap((item) => (item instanceof Problem ? [] : [item]));
    const taken = await take(sound, store, pool, now);
    const results = items.map((item, index) => {
      const id = item instanceof Problem ? null : item.provider_id;
      const result = item instanceof Problem ? item : taken.shift()!;
      return result instanceof Problem
        ? { index, id, ...itemProblem(result) }
        : { index, id, status: 200, ...result };
    });
    return { status: 200, body: { results } };
  },
});

/** Takes outcomes, each on its own: one read for all of them, and one call to each service's pool. */
async function take(
  outcomes: readonly Outcome[],
  store: Store,
  pool: (service: string) => Pool,
  now: number,
): Promise<(Taken | Problem)[]> {
  const results: (Taken | Problem)[] = [];
  const reports: (Report & { index: number; service: string })[] = [];
  const ids = [...new Set(outcomes.map(({ provider_id }) => provider_id))];
  const refs = ids.map((id): Ref => ({ kind: "agent", id }));
  const entries = new Map((await store.read(refs, now)).map(({ ref, entry }) => [ref.id, entry]));
  outcomes.forEach(({ service, provider_id, selection_id, success, latency_ms, error }, index) => {
    const entry = entries.get(provider_id);
    const [offer] = entry ? offersOf([entry], service, now) : [];
    if (!offer) {
      results[index] = new Problem(
        "provider_not_found",
        `No live agent "${provider_id}" offers "${service}".`,
      );
      return;
    }
    const { provider, fence, config } = offer;
    reports.push({
      index,
      service,
      provider,
      fence,
      config,
      selectionId: selection_id,
      success,
      latencyMs: latency_ms,
      error,
    });
  });
  const byService = Map.groupBy(reports, ({ service }) => service);
  await Promise.all(
    [...byService].map(async ([service, list]) => {
      const taken = await pool(service).report(list, now);
      list.forEach(({ index, provider, config }, i) => {
        const { counted, state } = taken[i]!;
        results[index] = {
          service,
          provider_id: provider,
          counted,
          circuit_state: circuitState(state.breaker, config, now),
          latency_ms: state.totals.latencyMs,
        };
      });
    }),
  );
  return results;
}

export const outcomeEndpoints = [report];
