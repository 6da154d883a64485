import { type Entry, isLive, type LiveEntry } from "../../core/entry.ts";
import { offersOf } from "../../core/services/offers.ts";
import { refusedUrl } from "../../core/outbound-url.ts";
import type { Problem } from "../../core/problem.ts";
import type { Namespace, Prober } from "../namespace.ts";
import type { Check } from "../../pool/service-pool.ts";
import type { Store } from "../../store/store.ts";

/** The registry must not become a weapon: so many probes a run, so many of them to one host, so many at a time. */
export const PROBES_MAX = 200;
export const PROBES_PER_HOST_MAX = 6;
const PROBES_AT_ONCE = 6;

/** Long enough for a service that has to wake up first. */
export const PROBE_TIMEOUT_MS = 5000;
const BODY_BYTES_MAX = 4096;
const REDIRECTS_MAX = 2;
const PAGE_ENTRIES = 1000;

export interface CheckedHealth {
  /** `{handler}.{service}.{provider}` → whether it passed; providers without a health_url are not in it. */
  results: Record<string, boolean>;
  probes: number;
  /** Where the next run goes on; "" from the beginning. */
  next: string;
  /** Why a pool could not be told; the others were. */
  untold?: Problem;
}

/**
 * Probes the `health_url` of live providers in id order after `after`, and tells each service's pool. One provider is
 * probed once, however many services it offers.
 *
 * @param now ms since the Unix epoch
 */
export async function checkHealth(namespace: Namespace, after: string, now: number): Promise<CheckedHealth> {
  const perHost = new Map<string, number>();
  const { targets, next } = await targetsAfter(namespace.store, after, perHost, now);
  const failures = await inParallel(targets, PROBES_AT_ONCE, (entry) =>
    probe(namespace.prober, entry.document.registration.health_url ?? "", perHost),
  );

  const results: Record<string, boolean> = {};
  const checks = new Map<string, Check[]>();
  targets.forEach((entry, index) => {
    const failure = failures[index];
    if (failure === undefined) return;
    for (const service of new Set(entry.document.registration.services.map((binding) => binding.service))) {
      const offers = offersOf([entry], service, now);
      for (const { binding, provider } of offers)
        results[`${binding.handler}.${service}.${provider}`] = failure === null;
      const { provider, fence, config } = offers[0]!;
      checks.set(service, [...(checks.get(service) ?? []), { provider, fence, config, failure }]);
    }
  });
  // One broken pool must keep nobody else's checks from being told, nor the next run from going on.
  const told = await Promise.allSettled(
    [...checks].map(([service, list]) => namespace.pool(service).check(list, now)),
  );
  const failed = told.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  return { results, probes: targets.length, next, ...(failed && { untold: failed.reason as Problem }) };
}

/**
 * Whom to probe in this run. Those left out because their host has had its share come first in the next: a fleet behind
 * one host is probed in turns.
 */
async function targetsAfter(
  store: Store,
  after: string,
  perHost: Map<string, number>,
  now: number,
): Promise<{ targets: LiveEntry[]; next: string }> {
  const targets: LiveEntry[] = [];
  let lastBeforeSkipped: string | undefined;
  let last = after;
  let from: string | null = after;
  while (from !== null) {
    const page: { entries: Entry[]; next: string | null } = await store.page(
      { kind: "agent", terms: ["health_url"], after: from, limit: PAGE_ENTRIES },
      now,
    );
    for (const entry of page.entries) {
      if (targets.length === PROBES_MAX) return { targets, next: lastBeforeSkipped ?? last };
      const { id, health_url } = entry.document.registration;
      const host = health_url === undefined ? undefined : hostOf(health_url);
      if (isLive(entry) && host !== undefined) {
        if (hasShare(perHost, host)) targets.push(entry);
        else lastBeforeSkipped ??= last;
      }
      last = id;
    }
    from = page.next;
  }
  return { targets, next: lastBeforeSkipped ?? "" };
}

/** "a.example." is a.example. */
const hostOf = (url: string): string => URL.parse(url)?.host.replace(/\.+(?=:|$)/, "") ?? "";

/** Whether one more request may go to a host in this run; if so, it is taken to go. */
function hasShare(perHost: Map<string, number>, host: string): boolean {
  const sent = perHost.get(host) ?? 0;
  if (sent === PROBES_PER_HOST_MAX) return false;
  perHost.set(host, sent + 1);
  return true;
}

/**
 * Why the probe failed; null when it passed, with any 2xx. Undefined: it was sent on to a host that has had its share, and
 * nothing was learnt; else many hosts could send all their probes to one.
 */
async function probe(
  { fetch, allowLoopback, timeoutMs }: Prober,
  healthUrl: string,
  perHost: Map<string, number>,
): Promise<string | null | undefined> {
  let url = healthUrl;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const refused = refusedUrl(url, allowLoopback);
      if (refused !== undefined) return `its health_url may not be fetched: ${refused}`;
      if (hostOf(url) !== hostOf(healthUrl) && !hasShare(perHost, hostOf(url))) return undefined;
      const response = await fetch(url, {
        redirect: "manual",
        signal: deadline,
        headers: { "User-Agent": "rollcall" },
      });
      await discard(response);
      const location = response.headers.get("Location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        url = URL.parse(location, url)?.href ?? "";
        continue;
      }
      return response.ok ? null : `its health check answered ${response.status}`;
    }
    return `its health check redirected more than ${REDIRECTS_MAX} times`;
  } catch {
    return deadline.aborted
      ? `its health check took over ${timeoutMs} ms`
      : "its health check could not be reached";
  }
}

/** Reads a little, so that a well-behaved server's connection can be used again, and hangs up on one that goes on. */
async function discard(response: Response): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.length;
    if (bytes > BODY_BYTES_MAX) {
      await reader.cancel();
      return;
    }
  }
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
