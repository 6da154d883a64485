import { storeUnavailable } from "../core/problem.ts";
import { currentSpent } from "../telemetry.ts";

/**
 * A port whose methods are RPC calls of the same name to a Durable Object, one round trip each.
 *
 * @param stub gives the stub to call; asked once per call, because a stub belongs to the request that made it
 * @param methods names every method of the port: an object of methods known to RPC alone cannot be enumerated
 * @throws {Problem} from each method: `store_unavailable` when the object throws, is overloaded or cannot be reached
 */
export function remote<Port>(stub: () => object, methods: Record<keyof Port & string, true>): Port {
  const calls = Object.keys(methods).map((method) => [
    method,
    async (...args: unknown[]) => {
      const spent = currentSpent();
      if (spent) spent.calls += 1;
      try {
        // A stub answers to any name; `methods` has only those of the port.
        const target = stub() as Record<string, (...args: unknown[]) => Promise<unknown>>;
        return await target[method]!(...args);
      } catch (cause) {
        if (spent) spent.errors += 1;
        throw storeUnavailable(method, cause);
      }
    },
  ]);
  return Object.fromEntries(calls) as Port;
}
