import { isLive, type LiveEntry } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import {
  positionOf,
  type ProviderChoice,
  selectProvider,
  type ChosenOffer,
  type ProviderQuery,
} from "../../core/services/choose.ts";
import { offersOf } from "../../core/services/offers.ts";
import type { Pool, SelectionRecord, ResolveRequest } from "../../pool/pool.ts";
import type { Namespace } from "../namespace.ts";
import { readProviders } from "./providers.ts";

export interface ResolveInput {
  service: string;
  query: ProviderQuery;
  /** Choose, and move nothing. */
  dryRun: boolean;
}

/** A provider to use now, and how it was chosen. */
export interface Resolved extends ProviderChoice {
  chosen: ChosenOffer;
  provider: LiveEntry;
  /** Names the choice when its call is reported; null for a dry run. */
  selectionId: string | null;
  /** The pool could not be reached: breakers, health checks, overrides and turns played no part. */
  degraded: boolean;
}

/**
 * Chooses a provider of a service. One round trip to the store and one call to the service's pool.
 *
 * @returns or the Problem `service_not_found` or, with a reason for each provider, `no_provider_available`
 * @throws {Problem} `store_unavailable` where the store cannot be reached; an unreachable pool only degrades the choice
 */
export async function resolve(
  { store, pool }: Namespace,
  { service, query, dryRun }: ResolveInput,
  now: number,
): Promise<Resolved | Problem> {
  const { entries } = await readProviders(store, service, now);
  const offers = offersOf(entries, service, now);
  if (offers.length === 0) return new Problem("service_not_found", `No live agent offers "${service}".`);

  const selectionId = crypto.randomUUID();
  const { choice, degraded } = await choose(pool(service), { offers, query, selectionId, dryRun }, now);
  const { chosen, considered, rejected, warnings } = choice;
  if (!chosen) {
    return new Problem("no_provider_available", `None of the providers of "${service}" can be used now.`, {
      reasons: rejected,
    });
  }
  const { provider: id } = chosen.offer;
  const provider = entries.find(({ document }) => document.registration.id === id);
  if (!isLive(provider)) throw new Error("the chosen provider is not among the offers");
  return {
    chosen,
    provider,
    selectionId: dryRun ? null : selectionId,
    degraded,
    considered,
    rejected,
    warnings,
  };
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

/** The newest `limit` choices of a service, newest first; at most 100 are kept. */
export const listSelections = (
  { pool }: Namespace,
  service: string,
  limit: number,
): Promise<SelectionRecord[]> => pool(service).selections(limit);
