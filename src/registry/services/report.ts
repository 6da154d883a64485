import { type Asker, owns } from "../../core/authority.ts";
import type { Ref } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { circuitState, type CircuitState } from "../../core/services/breaker.ts";
import { type Offer, offersOf } from "../../core/services/offers.ts";
import type { ProvenSelection } from "../../core/services/provider-state.ts";
import type { ProviderReport } from "../../pool/pool.ts";
import type { Namespace } from "../namespace.ts";
import { readSelectionId } from "./selection-id.ts";

/** How one call to a provider went. */
export interface Outcome {
  service: string;
  provider: string;
  /** As `resolve` gave it; null: the reporter has none. */
  selectionId: string | null;
  success: boolean;
  /** How long it took, ms. */
  latencyMs: number | undefined;
  error: string | undefined;
}

/** An outcome that was taken, and where its provider stands now. */
export interface TakenOutcome {
  service: string;
  provider: string;
  /** false: it changed nothing */
  counted: boolean;
  circuit: CircuitState;
  /** The provider's mean latency, ms; null before any was reported. */
  latencyMs: number | null;
}

/**
 * Takes outcomes, each on its own, in their order: one read for all providers, and one call to each service's pool. How much
 * each is believed depends on what its selection id proves, and on who reports it (`weightOf`, core/services).
 *
 * @returns for each, in their order, what became of it or the Problem `provider_not_found`
 * @throws {Problem} `store_unavailable`
 */
export async function reportOutcomes(
  namespace: Namespace,
  asker: Asker,
  outcomes: readonly Outcome[],
  now: number,
): Promise<(TakenOutcome | Problem)[]> {
  const { store, pool } = namespace;
  const ids = [...new Set(outcomes.map(({ provider }) => provider))];
  const refs = ids.map((id): Ref => ({ kind: "agent", id }));
  const entries = new Map((await store.read(refs, now)).map(({ ref, entry }) => [ref.id, entry]));
  const offers = outcomes.map(({ service, provider }) => {
    const entry = entries.get(provider);
    return entry && offersOf([entry], service, now)[0];
  });
  const selections = await provenSelections(namespace, asker, outcomes, offers, now);

  const results: (TakenOutcome | Problem)[] = [];
  const byService = new Map<string, { index: number; report: ProviderReport }[]>();
  for (const [index, { service, provider, success, latencyMs, error }] of outcomes.entries()) {
    const offer = offers[index];
    if (!offer) {
      results[index] = new Problem("provider_not_found", `No live agent "${provider}" offers "${service}".`);
      continue;
    }
    const { fence, config } = offer;
    const trusted = owns(asker, entries.get(provider)!);
    const reports = byService.get(service) ?? [];
    byService.set(service, reports);
    const call = { success, selection: selections[index], trusted, latencyMs, error };
    reports.push({ index, report: { provider, fence, config, ...call } });
  }
  await Promise.all(
    [...byService].map(async ([service, reports]) => {
      const taken = await pool(service).report(
        reports.map(({ report }) => report),
        now,
      );
      reports.forEach(({ index, report: { provider, config } }, i) => {
        const { counted, state } = taken[i]!;
        const circuit = circuitState(state.breaker, config, now);
        results[index] = { service, provider, counted, circuit, latencyMs: state.totals.latencyMs };
      });
    }),
  );
  return results;
}

/** What the outcomes' selection ids prove; undefined for one that proves nothing, and where there is no offer. */
async function provenSelections(
  { name: namespace, proofKey }: Namespace,
  asker: Asker,
  outcomes: readonly Outcome[],
  offers: readonly (Offer | undefined)[],
  now: number,
): Promise<(ProvenSelection | undefined)[]> {
  if (outcomes.every(({ selectionId }) => selectionId === null)) return outcomes.map(() => undefined);
  const key = await proofKey();
  return Promise.all(
    outcomes.map(async ({ service, provider, selectionId }, index) => {
      const offer = offers[index];
      if (selectionId === null || !offer) return undefined;
      const scope = { namespace, asker: asker.name, service, provider, fence: offer.fence };
      return readSelectionId(key, scope, selectionId, now);
    }),
  );
}
