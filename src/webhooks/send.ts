import { refusedUrl } from "../core/outbound-url.ts";
import { instantOf } from "../core/time.ts";
import type { Attempt } from "../core/webhooks/progress.ts";
import { type Message, signed } from "./message.ts";

/** How long one attempt may take, ms. */
export const ATTEMPT_TIMEOUT_MS = 10_000;

export interface Outside {
  fetch: typeof fetch;
  /** Under open access, receivers on this machine may be sent to. */
  allowLoopback: boolean;
}

/** Sends a message once. Any 2xx counts as delivered; a redirect does not, and is not followed. */
export async function send(
  { fetch, allowLoopback }: Outside,
  { url, secrets }: { url: string; secrets: readonly string[] },
  message: Message,
  now: number,
): Promise<Attempt> {
  const refused = refusedUrl(url, allowLoopback);
  if (refused !== undefined) return failed(`its URL may not be sent to: ${refused}`);
  const headers = await signed(message, secrets, now);
  const deadline = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: deadline,
      headers: { ...headers, "Content-Type": "application/json", "User-Agent": "rollcall" },
      body: message.body,
    });
    // What it says besides is of no interest.
    await response.body?.cancel();
    return attemptOf(response, now);
  } catch {
    return failed(
      deadline.aborted
        ? `the receiver took over ${ATTEMPT_TIMEOUT_MS / 1000} s`
        : "the receiver could not be reached",
    );
  }
}

const failed = (why: string): Attempt => ({ isDelivered: false, why });

function attemptOf({ ok, status, headers }: Response, now: number): Attempt {
  if (ok) return { isDelivered: true };
  const retryAfterMs = retryAfter(headers.get("Retry-After"), now);
  return {
    isDelivered: false,
    why: `the receiver answered ${status}`,
    ...(status === 410 && { isGone: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Seconds, or a date (RFC 9110). @returns ms from now on; undefined where it is neither */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = instantOf(header);
  return Number.isNaN(at) ? undefined : at - now;
}
