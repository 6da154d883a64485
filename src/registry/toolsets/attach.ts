import type { Asker } from "../../core/authority.ts";
import { Problem } from "../../core/problem.ts";
import { pulseAt } from "../../core/toolsets/health.ts";
import { decidePong } from "../../core/toolsets/registration.ts";
import type { ProviderMessage } from "../../gateway/gateway.ts";
import { changeOne } from "../../store/change.ts";
import { keyOfSocket } from "../keys/lasting.ts";
import type { Namespace } from "../namespace.ts";
import { waitFor } from "../wait.ts";
import { epochOf, type ProviderOf, readForProvider, registeredMeanwhile, supersededAt } from "./read.ts";

export interface Attachment extends ProviderOf {
  /** The provider's name for itself: claims are known by it, and each consumer is pinged. */
  consumer: string;
  /** How many calls it takes at a time; 0: pings and cancellations alone. */
  max: number;
}

/**
 * Attaches a provider, and gives it the pings and calls there are, each call for 60 s; waits for some if there are none.
 *
 * @param waitMs how long at most
 * @returns messages, none when the time is over, or the Problem `toolset_not_found`, `forbidden`, `lease_lost` or
 *          `store_contended`
 */
export async function claimCalls(
  namespace: Namespace,
  asker: Asker,
  { waitMs, ...attachment }: Attachment & { waitMs: number },
  now: number,
): Promise<ProviderMessage[] | Problem> {
  const { clock, pause, ping } = namespace;
  const { name, consumer, max } = attachment;
  const gateway = namespace.gateway(name);
  const end = now + waitMs;
  let entry = await readForProvider(namespace, asker, attachment, clock());
  for (;;) {
    if (entry instanceof Problem) return entry;
    const epoch = epochOf(entry);
    const claimed = await gateway.claim({ consumer, max, intervalMs: ping.intervalMs, epoch }, clock());
    if (claimed === "stale") {
      // The gateway knows a later registration. It may be this provider's own; if not, the second read refuses.
      entry = await readForProvider(namespace, asker, attachment, clock());
      if (!(entry instanceof Problem) && entry.document.fence === epoch.fence)
        return supersededAt(attachment);
      continue;
    }
    const { messages, seen, pingInMs } = claimed;
    if (messages.length > 0 || clock() >= end) return messages;
    const over = pause(Math.min(end - clock(), pingInMs));
    await waitFor(gateway.arrived(seen, max), over);
  }
}

/**
 * Attaches a provider by a WebSocket, on which the same messages come as they arise.
 *
 * @returns the platform's answer to the handshake, with the socket; or a Problem as of `claimCalls`
 * @throws {Problem} `store_unavailable`, `unauthorized` where the asker's key has just ended
 */
export async function openSocket(
  namespace: Namespace,
  asker: Asker,
  attachment: Attachment,
  now: number,
): Promise<Response | Problem> {
  const entry = await readForProvider(namespace, asker, attachment, now);
  if (entry instanceof Problem) return entry;
  const { name, consumer, max } = attachment;
  const key = await keyOfSocket(namespace, asker);
  const request = { consumer, max, intervalMs: namespace.ping.intervalMs, epoch: epochOf(entry), ...key };
  const answer = await namespace.gateway(name).socket(request, now);
  return answer.status === 101 ? answer : registeredMeanwhile(name);
}

/**
 * Takes the answer to a ping: the toolset is healthy from now on. Usually that is one command, because a lease under the
 * fence of both the ping and the token proves that they belong to the current registration.
 *
 * @param pingId begins with the fence of the registration that was pinged
 * @returns undefined, or the Problem `toolset_not_found`, `stale_registration`, `forbidden`, `lease_lost` or
 *          `store_contended`
 */
export async function takePong(
  { store }: Namespace,
  asker: Asker,
  { name, fence, pingId }: ProviderOf & { pingId: string },
  now: number,
): Promise<undefined | Problem> {
  const [pingFence] = pingId.split("/") as [string];
  const ref = { kind: "toolset", id: name } as const;
  if (fence === pingFence) {
    const [renewed] = await store.renew([{ ref, fence, lease: pulseAt(now), ttlMs: null }], now);
    if (renewed !== "gone") return undefined;
  }
  const request = { name, asker, fence, pingFence };
  return changeOne(store, ref, (before, past) => decidePong(before, past, request, now), now);
}
