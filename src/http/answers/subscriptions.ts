import * as z from "zod";
import { EVENT_TYPES } from "../../core/event.ts";
import { subscriptionFilter } from "../../core/webhooks/subscription.ts";
import { count, time } from "./common.ts";

export const subscription = z.strictObject({
  id: z.string(),
  url: z.string(),
  /** Empty: of every type. */
  types: z.array(z.enum(EVENT_TYPES)),
  filter: subscriptionFilter,
  /** failing: the last attempt failed, and there will be another. */
  state: z.enum(["active", "failing", "ended"]),
  created_at: time,
  /** The name of the key that made it. */
  created_by: z.string().nullable(),
  /** How many messages wait. */
  queued: count,
  last_delivered_at: time.nullable(),
  failing_since: time.nullable(),
  last_failure: z.string().nullable(),
  next_attempt_at: time.nullable(),
  ended_at: time.nullable(),
  /** Why it ended. */
  ended_because: z.string().nullable(),
});

export const subscriptionList = z.strictObject({ subscriptions: z.array(subscription), count });
export const signedSubscription = subscription.extend({ secret: z.string() });

export const testDelivery = z.strictObject({
  delivered: z.boolean(),
  /** Why it was not. */
  failure: z.string().nullable(),
});
