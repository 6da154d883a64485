import { storeUnavailable } from "../core/problem.ts";

/**
 * A Durable Object's methods, each one call over RPC. An object that throws, is overloaded or cannot be reached is an
 * outage, whatever it was that it threw.
 *
 * @param stub gives the object's stub, asked once a call: a stub belongs to the request that asked for it
 */
export function remote<Port>(stub: () => object, methods: readonly (keyof Port & string)[]): Port {
  const calls = methods.map((method) => [
    method,
    async (...args: unknown[]) => {
      try {
        const target = stub() as Record<string, (...args: unknown[]) => Promise<unknown>>;
        return await target[method]!(...args);
      } catch (cause) {
        throw storeUnavailable(method, cause);
      }
    },
  ]);
  return Object.fromEntries(calls) as Port;
}
