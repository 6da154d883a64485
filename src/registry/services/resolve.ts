import type { Asker } from "../../core/authority.ts";
import { asLastKnown } from "../../core/agents/liveness.ts";
import type { LiveEntry } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import {
  positionOf,
  type ProviderChoice,
  selectProvider,
  type ChosenOffer,
  type ProviderQuery,
} from "../../core/services/choose.ts";
import { allOffersOf } from "../../core/services/offers.ts";
import type { Pool, SelectionRecord, ResolveRequest } from "../../pool/pool.ts";
import type { Page } from "../../store/store.ts";
import type { Namespace } from "../namespace.ts";
import { placeOfMost } from "../place.ts";
import { isOffered } from "./offered.ts";
import type { ProofKey } from "../proof.ts";
import type { AgentSearch } from "../recent-reads.ts";
import { readProviders } from "./providers.ts";
import { writeSelectionId } from "./selection-id.ts";

export { SELECTIONS_MAX } from "../../pool/pool.ts";

export interface ResolveInput {
  service: string;
  query: ProviderQuery;
  /** Choose, and move nothing. */
  dryRun: boolean;
  /** What the providers are found by; the namespace's store if absent. */
  reads?: { store: AgentSearch };
}

/** A provider that can be used. */
export interface Usable {
  chosen: ChosenOffer;
  /** A lapsed one is as it was registered. */
  provider: LiveEntry;
}

/** A provider to use now, and how it was chosen. */
export interface Resolved extends Usable, Omit<ProviderChoice, "chosen" | "others"> {
  /** Who could be used after it, in that order. Nothing was recorded of these: they have no selection. */
  others: Usable[];
  /**
   * Names and proves the selection when its call is reported. null: there is nothing to prove, because it was a dry run, the
   * choice was degraded, or the key for proofs cannot be had.
   */
  selectionId: string | null;
  /** The pool could not be reached: breakers, health checks, overrides and turns played no part. */
  degraded: boolean;
}

/**
 * Chooses a provider of a service. One round trip to the store, and one call to the service's pool; beside it, every five
 * minutes, one round trip for the key of the proof. Where a copy that may be behind has no provider to choose, the same again
 * at the primary.
 *
 * @returns or the Problem `service_not_found` or, with a reason for each provider, `no_provider_available`
 * @throws {Problem} `store_unavailable` where the store cannot be reached; an unreachable pool only degrades the choice
 */
export async function resolve(
  namespace: Namespace,
  asker: Asker,
  input: ResolveInput,
  now: number,
): Promise<Resolved | Problem> {
  const { reads = namespace, service } = input;
  const near = await readProviders(reads.store, service, now, true);
  const found = await chooseAmong(near, namespace, asker, input, now);
  if (!(found instanceof Problem) || !near.mayBeBehind) return found;
  return chooseAmong(await readProviders(reads.store, service, now), namespace, asker, input, now);
}

async function chooseAmong(
  { entries }: Page,
  namespace: Namespace,
  asker: Asker,
  { service, query, dryRun }: ResolveInput,
  now: number,
): Promise<Resolved | Problem> {
  const { pool } = namespace;
  const offers = allOffersOf(entries, service, now);
  if (offers.length === 0) return new Problem("service_not_found", `No agent offers "${service}".`);

  const selectionId = crypto.randomUUID();
  const request = { offers, query, selectionId, dryRun };
  const [{ choice, degraded }, key] = await Promise.all([
    choose(pool(service, placeOfMost(entries.map(({ document }) => document.region))), request, now),
    dryRun ? null : proofKeyOrNone(namespace),
  ]);
  const { chosen, others, rejected, ...rest } = choice;
  if (!chosen) {
    return new Problem("no_provider_available", `None of the providers of "${service}" can be used now.`, {
      reasons: rejected,
    });
  }
  const { provider: id, fence } = chosen.offer;
  const byId = new Map(entries.map((entry) => [entry.document.registration.id, entry]));
  const usable = (found: ChosenOffer): Usable => {
    const entry = byId.get(found.offer.provider);
    if (!entry) throw new Error("a chosen provider is not among the offers");
    return { chosen: found, provider: asLastKnown(entry) };
  };
  const scope = { namespace: namespace.name, asker: asker.name, service, provider: id, fence };
  const selection = { id: selectionId, at: now, openings: chosen.openings };
  return {
    ...rest,
    ...usable(chosen),
    others: others.map(usable),
    selectionId: key === null || degraded ? null : await writeSelectionId(key, scope, selection),
    degraded,
    rejected,
  };
}

/** A caller is better served without a selection id than not at all. */
async function proofKeyOrNone({ proofKey }: Namespace): Promise<ProofKey | null> {
  try {
    return await proofKey();
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
}

/** Without the pool's memory a caller still gets any provider that looks fit, from a random start: better than an error. */
async function choose(
  pool: Pool,
  request: ResolveRequest,
  now: number,
): Promise<{ choice: ProviderChoice; degraded: boolean }> {
  const { offers, query } = request;
  try {
    return { choice: await pool.resolve(request, now), degraded: false };
  } catch {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    const start = positionOf(offers[random! % offers.length]!);
    const nothingKnown = { providers: new Map(), cursors: { get: () => start } };
    return { choice: selectProvider(offers, nothingKnown, query, now), degraded: true };
  }
}

/**
 * The newest `limit` choices of a service, newest first; at most `SELECTIONS_MAX` are kept. Their ids come without proofs. None
 * of a service that nobody offers: a pool for every made-up name would stay for ever.
 */
export const listSelections = async (
  { store, pool }: Namespace,
  service: string,
  limit: number,
  now: number,
): Promise<SelectionRecord[]> =>
  (await isOffered(store, service)) ? pool(service).selections(limit, now) : [];
