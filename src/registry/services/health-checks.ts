import { isLive, type LiveEntry } from "../../core/entry.ts";
import type { Problem } from "../../core/problem.ts";
import { type Obstacle, whyUnhealthy } from "../../core/services/obstacle.ts";
import { type Offer, offersOf } from "../../core/services/offers.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Page, Store } from "../../store/store.ts";
import type { Namespace } from "../namespace.ts";
import { servicesOf } from "./fleet.ts";
import { hostOf, type HostCounts, probe, takeShare } from "./probe.ts";

/** How many providers one run probes. */
export const PROBES_MAX = 200;
const PROBES_AT_ONCE = 6;
const PAGE_ENTRIES = 1000;

/** One offer of a provider that was probed. */
export interface CheckedOffer {
  offer: Offer;
  /** Why it is not healthy, with what the probe found; undefined: it is. */
  unhealthy: Obstacle | undefined;
}

export interface CheckedHealth {
  /** Of each provider that has a `health_url`; without those whose pool could not be told. */
  offers: CheckedOffer[];
  probes: number;
  /** Where the next run goes on; "" from the beginning. */
  next: string;
  /** Why a pool could not be told; the others were. */
  untold?: Problem;
}

/**
 * Probes the `health_url` of live providers in id order after `after`, and tells each service's pool. A provider is probed
 * once, however many services it offers.
 *
 * @param after the `next` of the run before; "" from the beginning
 * @param now ms since the Unix epoch
 */
export async function checkHealth(namespace: Namespace, after: string, now: number): Promise<CheckedHealth> {
  const counts: HostCounts = new Map();
  const { targets, next } = await targetsAfter(namespace.store, after, counts, now);
  const failures = await inParallel(targets, PROBES_AT_ONCE, (entry) =>
    probe(namespace.prober, entry.document.registration.health_url ?? "", counts),
  );

  const byService = new Map<string, Checked[]>();
  targets.forEach((entry, index) => {
    const failure = failures[index];
    if (failure === undefined) return;
    for (const service of servicesOf([entry])) {
      const checked = byService.get(service) ?? [];
      byService.set(service, checked);
      checked.push({ offers: offersOf([entry], service, now), failure });
    }
  });
  // A pool that is down must stop neither the other pools from being told nor the next run from going on.
  const told = await Promise.allSettled(
    [...byService].map(([service, checked]) => tellPool(namespace.pool(service), checked, now)),
  );
  const offers = told.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const failed = told.find((result) => result.status === "rejected");
  return { offers, probes: targets.length, next, ...(failed && { untold: failed.reason as Problem }) };
}

/** What was found of one provider, and its offers of one service. */
interface Checked {
  offers: Offer[];
  /** null: it passed */
  failure: string | null;
}

async function tellPool(pool: Pool, checked: readonly Checked[], now: number): Promise<CheckedOffer[]> {
  const results = checked.map(({ offers, failure }) => {
    const { provider, fence, config } = offers[0]!;
    return { provider, fence, config, failure };
  });
  const states = await pool.check(results, now);
  return checked.flatMap(({ offers }, index) =>
    offers.map((offer) => ({ offer, unhealthy: whyUnhealthy(offer, states[index]!, now) })),
  );
}

/**
 * Which providers to probe in this run. Those left out because their host may get no more come first in the next run, so a
 * fleet behind one host is probed in turns.
 */
async function targetsAfter(
  store: Store,
  after: string,
  counts: HostCounts,
  now: number,
): Promise<{ targets: LiveEntry[]; next: string }> {
  const targets: LiveEntry[] = [];
  let lastBeforeSkipped: string | undefined;
  let last = after;
  let from: string | null = after;
  while (from !== null) {
    const page: Page = await store.page(
      { kind: "agent", terms: ["health_url"], after: from, limit: PAGE_ENTRIES },
      now,
    );
    for (const entry of page.entries) {
      if (targets.length === PROBES_MAX) return { targets, next: lastBeforeSkipped ?? last };
      const { id, health_url } = entry.document.registration;
      if (isLive(entry) && health_url !== undefined) {
        if (takeShare(counts, hostOf(health_url))) targets.push(entry);
        else lastBeforeSkipped ??= last;
      }
      last = id;
    }
    from = page.next;
  }
  return { targets, next: lastBeforeSkipped ?? "" };
}

async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
