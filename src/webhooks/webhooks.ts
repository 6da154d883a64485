import type { Attempt, Progress } from "../core/webhooks/progress.ts";
import type { Subscription } from "../core/webhooks/subscription.ts";

export interface NewSubscription extends Subscription {
  /** `whsec_…` */
  secret: string;
}

export interface SubscriptionState extends Subscription, Progress {
  /** How many messages wait. */
  queued: number;
}

/**
 * What sends the events of a namespace to those who subscribed. Every method is one request to it.
 *
 * @throws {Problem} `store_unavailable` from every method
 */
export interface Webhooks {
  /** @returns the state, or "full": there are 20 that have not ended */
  subscribe(asked: NewSubscription, now: number): Promise<SubscriptionState | "full">;

  /** All, those included that have ended, oldest first. */
  list(now: number): Promise<SubscriptionState[]>;

  /** @returns whether there was one */
  unsubscribe(id: string, now: number): Promise<boolean>;

  /**
   * Signs with another secret, and for `overlapMs` more with the one before too.
   *
   * @returns the state; undefined where there is none that has not ended
   */
  rotate(id: string, secret: string, overlapMs: number, now: number): Promise<SubscriptionState | undefined>;

  /**
   * Sends a message of type `test` at once, ahead of what waits. It changes no state; but where it is delivered, what waits is
   * due.
   *
   * @returns what came of it; undefined where there is none that has not ended
   */
  sendTest(id: string, now: number): Promise<Attempt | undefined>;
}
