import type { Asker } from "../../core/authority.ts";
import { refusedUrl } from "../../core/outbound-url.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { isoTime } from "../../core/time.ts";
import type { Attempt } from "../../core/webhooks/progress.ts";
import { secretOf, type Subscription, SUBSCRIPTIONS_MAX } from "../../core/webhooks/subscription.ts";
import type { SubscriptionState } from "../../webhooks/webhooks.ts";
import { toHex } from "../digest.ts";
import type { Namespace } from "../namespace.ts";

export type { SubscriptionState } from "../../webhooks/webhooks.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;

export interface Signed {
  state: SubscriptionState;
  /** What signs: the asker's own, or one that was made. It is told once. */
  secret: string;
}

/**
 * Subscribes to the events of the asker's namespace that are told from now on.
 *
 * @param asked  without a secret one is made
 * @returns or the Problem `invalid_request` (the URL may not be sent to), `quota_exceeded`
 * @throws {Problem} `store_unavailable`
 */
export async function subscribe(
  { webhooks, prober }: Namespace,
  asker: Asker,
  asked: Pick<Subscription, "url" | "types" | "filter"> & { secret?: string | undefined },
  now: number,
): Promise<Signed | Problem> {
  const refused = refusedUrl(asked.url, prober.allowLoopback);
  if (refused !== undefined) return invalid([{ pointer: "/url", detail: `may not be sent to: ${refused}` }]);
  const { secret = mintSecret() } = asked;
  const id = toHex(random(ID_BYTES));
  const made = { ...asked, secret, id, createdAt: now, createdBy: asker.name };
  const state = await webhooks().subscribe(made, now);
  if (state !== "full") return { state, secret };
  return new Problem(
    "quota_exceeded",
    `A namespace has at most ${SUBSCRIPTIONS_MAX} subscriptions. Remove one that is not needed.`,
  );
}

/** Those included that have ended, oldest first. @throws {Problem} `store_unavailable` */
export const listSubscriptions = ({ webhooks }: Namespace, now: number): Promise<SubscriptionState[]> =>
  webhooks().list(now);

/**
 * @returns or the Problem `subscription_not_found`; of one that has ended `subscription_ended`, which says when and why
 * @throws {Problem} `store_unavailable`
 */
export async function readSubscription(
  { webhooks }: Namespace,
  id: string,
  now: number,
): Promise<SubscriptionState | Problem> {
  const state = (await webhooks().list(now)).find((one) => one.id === id);
  if (!state) return notFound();
  const { ended } = state;
  if (!ended) return state;
  return new Problem("subscription_ended", `It ended at ${isoTime(ended.at)}: ${ended.why}.`);
}

/**
 * Ends a subscription, and forgets what it has not been sent.
 *
 * @returns undefined, or the Problem `subscription_not_found`
 * @throws {Problem} `store_unavailable`
 */
export const unsubscribe = async (
  { webhooks }: Namespace,
  id: string,
  now: number,
): Promise<undefined | Problem> => ((await webhooks().unsubscribe(id, now)) ? undefined : notFound());

/**
 * Signs with another secret from now on, and for `overlapMs` more with the one before too.
 *
 * @param secret  absent: one is made
 * @returns or the Problems of `readSubscription`
 * @throws {Problem} `store_unavailable`
 */
export async function rotateSecret(
  namespace: Namespace,
  { id, secret = mintSecret(), overlapMs }: { id: string; secret?: string | undefined; overlapMs: number },
  now: number,
): Promise<Signed | Problem> {
  const state = await namespace.webhooks().rotate(id, secret, overlapMs, now);
  return state ? { state, secret } : whyNot(namespace, id, now);
}

/**
 * Sends a message of type `test` at once.
 *
 * @returns what came of it, or the Problems of `readSubscription`
 * @throws {Problem} `store_unavailable`
 */
export async function testSubscription(
  namespace: Namespace,
  id: string,
  now: number,
): Promise<Attempt | Problem> {
  return (await namespace.webhooks().sendTest(id, now)) ?? whyNot(namespace, id, now);
}

/** Why an active subscription of this id was not found. */
async function whyNot(namespace: Namespace, id: string, now: number): Promise<Problem> {
  const read = await readSubscription(namespace, id, now);
  return read instanceof Problem ? read : notFound();
}

const notFound = (): Problem =>
  new Problem("subscription_not_found", "No subscription of this namespace has this id.");

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
const mintSecret = (): string => secretOf(random(SECRET_BYTES));
