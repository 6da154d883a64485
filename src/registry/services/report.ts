import type { Ref } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { circuitState, type CircuitState } from "../../core/services/breaker.ts";
import { offersOf } from "../../core/services/offers.ts";
import type { ProviderReport } from "../../pool/pool.ts";
import type { Namespace } from "../namespace.ts";

/** How one call to a provider went. */
export interface Outcome {
  service: string;
  provider: string;
  /** Which choice the call came from; undefined: its reporter does not know. */
  selectionId: string | undefined;
  success: boolean;
  /** How long it took, ms. */
  latencyMs: number | undefined;
  error: string | undefined;
}

/** An outcome that was taken, and where its provider stands now. */
export interface TakenOutcome {
  service: string;
  provider: string;
  /** false: this choice was reported before */
  counted: boolean;
  circuit: CircuitState;
  /** The provider's mean latency, ms; null before any was reported. */
  latencyMs: number | null;
}

/**
 * Takes outcomes, each on its own, in their order: one read for all providers, and one call to each service's pool.
 *
 * @returns for each, in their order, what became of it or the Problem `provider_not_found`
 */
export async function reportOutcomes(
  { store, pool }: Namespace,
  outcomes: readonly Outcome[],
  now: number,
): Promise<(TakenOutcome | Problem)[]> {
  const ids = [...new Set(outcomes.map(({ provider }) => provider))];
  const refs = ids.map((id): Ref => ({ kind: "agent", id }));
  const entries = new Map((await store.read(refs, now)).map(({ ref, entry }) => [ref.id, entry]));

  const results: (TakenOutcome | Problem)[] = [];
  const byService = new Map<string, { index: number; report: ProviderReport }[]>();
  outcomes.forEach(({ service, provider, ...outcome }, index) => {
    const entry = entries.get(provider);
    const [offer] = entry ? offersOf([entry], service, now) : [];
    if (!offer) {
      results[index] = new Problem("provider_not_found", `No live agent "${provider}" offers "${service}".`);
      return;
    }
    const { fence, config } = offer;
    const reports = byService.get(service) ?? [];
    byService.set(service, reports);
    reports.push({ index, report: { provider, fence, config, ...outcome } });
  });
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
