import { refusedUrl } from "../../core/outbound-url.ts";
import type { Prober } from "../namespace.ts";

/** How many probes one host gets in a run, redirects to it included: the registry must not become a weapon. */
export const PROBES_PER_HOST_MAX = 6;
/** Long enough for a service that has to wake up first, ms. */
export const PROBE_TIMEOUT_MS = 5000;
const BODY_BYTES_MAX = 4096;
const REDIRECTS_MAX = 2;

/** How many requests each host has been sent in this run. */
export type HostCounts = Map<string, number>;

/** The host and port of a URL. A trailing dot is dropped: "a.example." is a.example. "" where it is no URL. */
export const hostOf = (url: string): string => URL.parse(url)?.host.replace(/\.+(?=:|$)/, "") ?? "";

/** Counts one more request to a host, unless the host has had all it may get in this run: then false. */
export function takeShare(counts: HostCounts, host: string): boolean {
  const sent = counts.get(host) ?? 0;
  if (sent === PROBES_PER_HOST_MAX) return false;
  counts.set(host, sent + 1);
  return true;
}

/**
 * Fetches a `health_url` whose own host has been counted already. Any 2xx passes.
 *
 * @returns why it failed, or null where it passed. Undefined: it was redirected to a host that may get no more in this run,
 *   so nothing was learnt; without that, many hosts could send all their probes on to one.
 */
export async function probe(
  { fetch, allowLoopback, timeoutMs }: Prober,
  healthUrl: string,
  counts: HostCounts,
): Promise<string | null | undefined> {
  let url = healthUrl;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const refused = refusedUrl(url, allowLoopback);
      if (refused !== undefined) return `its health_url may not be fetched: ${refused}`;
      if (hostOf(url) !== hostOf(healthUrl) && !takeShare(counts, hostOf(url))) return undefined;
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

/** Reads up to `BODY_BYTES_MAX`, so that the connection can be used again; a longer body is cut off. */
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
