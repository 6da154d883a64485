import * as z from "zod";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import {
  SECRET_OVERLAP_SECONDS_MAX,
  subscriptionInput,
  webhookSecret,
} from "../../../core/webhooks/subscription.ts";
import {
  listSubscriptions,
  readSubscription,
  rotateSecret,
  subscribe,
  type SubscriptionState,
  testSubscription,
  unsubscribe,
} from "../../../registry/webhooks/manage.ts";
import { endpoint } from "../../frame/endpoint.ts";

const OVERLAP_SECONDS_DEFAULT = 86_400;

const params = { subscription: z.string().regex(/^[0-9a-f]{16}$/, "must be 16 of 0-9 a-f") };

const stateOf = ({ ended, failures }: SubscriptionState) =>
  ended ? ("ended" as const) : failures > 0 ? ("failing" as const) : ("active" as const);

const shown = (subscription: SubscriptionState) => {
  const { id, url, types, filter, ended, queued, createdBy, lastFailure, failures } = subscription;
  return {
    id,
    url,
    types: [...types],
    filter: { ...filter },
    state: stateOf(subscription),
    created_at: isoTime(subscription.createdAt),
    created_by: createdBy,
    queued,
    last_delivered_at: timeOrNull(subscription.deliveredAt),
    failing_since: timeOrNull(subscription.failingSince),
    last_failure: lastFailure,
    next_attempt_at: timeOrNull(ended || failures === 0 ? null : subscription.dueAt),
    ended_at: timeOrNull(ended?.at ?? null),
    ended_because: ended?.why ?? null,
  };
};

const timeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at));

const add = endpoint({
  method: "POST",
  path: "/v1/subscriptions",
  operationId: "subscribe",
  group: "webhooks",
  scope: "admin",
  body: subscriptionInput,
  refusals: ["invalid_request", "quota_exceeded"],
  async handle({ namespace, asker, body, now }) {
    const { state, secret } = orThrow(await subscribe(namespace, asker, body, now));
    return { status: 201, body: { ...shown(state), secret } };
  },
});

const list = endpoint({
  method: "GET",
  path: "/v1/subscriptions",
  operationId: "listSubscriptions",
  group: "webhooks",
  scope: "admin",
  refusals: [],
  async handle({ namespace, now }) {
    const subscriptions = (await listSubscriptions(namespace, now)).map(shown);
    return { status: 200, body: { subscriptions, count: subscriptions.length } };
  },
});

const read = endpoint({
  method: "GET",
  path: "/v1/subscriptions/:subscription",
  params,
  operationId: "getSubscription",
  group: "webhooks",
  scope: "admin",
  refusals: ["invalid_request", "subscription_not_found", "subscription_ended"],
  async handle({ namespace, params: { subscription }, now }) {
    return { status: 200, body: shown(orThrow(await readSubscription(namespace, subscription, now))) };
  },
});

const remove = endpoint({
  method: "DELETE",
  path: "/v1/subscriptions/:subscription",
  params,
  operationId: "unsubscribe",
  group: "webhooks",
  scope: "admin",
  refusals: ["invalid_request", "subscription_not_found"],
  async handle({ namespace, params: { subscription }, now }) {
    const refused = await unsubscribe(namespace, subscription, now);
    if (refused) throw refused;
    return { status: 204 };
  },
});

const rotate = endpoint({
  method: "POST",
  path: "/v1/subscriptions/:subscription/rotate",
  params,
  operationId: "rotateSubscription",
  group: "webhooks",
  scope: "admin",
  bodyOptional: true,
  body: z.strictObject({
    secret: webhookSecret.optional().meta({ description: "Absent: one is made" }),
    overlap_seconds: z.int().min(0).max(SECRET_OVERLAP_SECONDS_MAX).default(OVERLAP_SECONDS_DEFAULT),
  }),
  refusals: ["invalid_request", "subscription_not_found", "subscription_ended"],
  async handle({ namespace, params: { subscription }, body: { secret, overlap_seconds }, now }) {
    const asked = { id: subscription, secret, overlapMs: overlap_seconds * 1000 };
    const rotated = orThrow(await rotateSecret(namespace, asked, now));
    return { status: 200, body: { ...shown(rotated.state), secret: rotated.secret } };
  },
});

const test = endpoint({
  method: "POST",
  path: "/v1/subscriptions/:subscription/test",
  params,
  operationId: "testSubscription",
  group: "webhooks",
  scope: "admin",
  refusals: ["invalid_request", "subscription_not_found", "subscription_ended"],
  async handle({ namespace, params: { subscription }, now }) {
    const attempt = orThrow(await testSubscription(namespace, subscription, now));
    const failure = attempt.isDelivered ? null : attempt.why;
    return { status: 200, body: { delivered: attempt.isDelivered, failure } };
  },
});

export const subscriptionEndpoints = [add, list, read, remove, rotate, test];
