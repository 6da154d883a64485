import type { RequestOptions } from "./options.ts";
import type {
  SignedSubscription,
  Subscription,
  SubscriptionList,
  SubscriptionRequest,
  TestDelivery,
} from "./shapes.ts";
import type { Transport } from "./transport.ts";

export type Subscriptions = ReturnType<typeof subscriptions>;

const pathOf = (id: string): string => `/v1/subscriptions/${encodeURIComponent(id)}`;

/** Webhooks of the client's own namespace, one request per method. Scope `admin`. */
export const subscriptions = ({ read, send }: Transport) => ({
  /**
   * Has the events that are told from now on sent to a URL. The secret that signs them is in this answer and nowhere else.
   *
   * @throws {RollcallError} `invalid_request` for a URL that may not be sent to; `quota_exceeded` where there are 20
   */
  create: (body: SubscriptionRequest, options: RequestOptions = {}) =>
    send<SignedSubscription>("POST", "/v1/subscriptions", { body, ...options }),

  /** Lists all, those included that have ended, oldest first. */
  list: (options: RequestOptions = {}) => read<SubscriptionList>("/v1/subscriptions", options),

  /** @throws {RollcallError} `subscription_not_found`; `subscription_ended`, which says when and why */
  get: (id: string, options: RequestOptions = {}) => read<Subscription>(pathOf(id), options),

  /**
   * Signs with another secret, and for `overlapSeconds` more with the one before too: 0 to 604,800 (86,400).
   *
   * @param secret  by default one is made
   * @throws {RollcallError} `subscription_not_found`; `subscription_ended`
   */
  rotate: (
    id: string,
    {
      secret,
      overlapSeconds,
      ...options
    }: RequestOptions & { secret?: string; overlapSeconds?: number } = {},
  ) =>
    send<SignedSubscription>("POST", `${pathOf(id)}/rotate`, {
      body: {
        ...(secret !== undefined && { secret }),
        ...(overlapSeconds !== undefined && { overlap_seconds: overlapSeconds }),
      },
      ...options,
    }),

  /**
   * Sends a message of type `test` now, and says what came of it; where it is delivered, what waits is sent at once.
   *
   * @throws {RollcallError} `subscription_not_found`; `subscription_ended`
   */
  test: (id: string, options: RequestOptions = {}) =>
    send<TestDelivery>("POST", `${pathOf(id)}/test`, options),

  /**
   * Ends a subscription. What waits for it is forgotten.
   *
   * @throws {RollcallError} `subscription_not_found`
   */
  remove: (id: string, options: RequestOptions = {}) => send<void>("DELETE", pathOf(id), options),
});
