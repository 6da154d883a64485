import { env, runInDurableObject } from "cloudflare:test";

/**
 * Runs `work` as a request of its own. The platform bounds the timers of one request, all tests of a file are one, and
 * every trip to Redis sets a timer: a property makes more of them than one request may.
 */
export const asOwnRequest = <T>(work: () => Promise<T>): Promise<T> =>
  runInDurableObject(env.REGISTRY.getByName(crypto.randomUUID()), work);
