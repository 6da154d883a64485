import { storeUnavailable } from "../../core/problem.ts";
import type { Store } from "../store.ts";
import type { RegistryObject } from "./registry-object.ts";

type Method = Exclude<keyof Store, "backend">;

const METHODS: readonly Method[] = [
  "ping",
  "read",
  "commit",
  "renew",
  "sample",
  "page",
  "terms",
  "roll",
  "heal",
  "events",
  "sweepReport",
  "keepSweepReport",
];

/** The port over RPC: the object does the work, and an object that throws or is overloaded is an outage. */
export function embeddedStore(stub: DurableObjectStub<RegistryObject>): Store {
  const remote = stub as unknown as Record<Method, (...args: unknown[]) => Promise<unknown>>;
  const calls = METHODS.map((method) => [
    method,
    async (...args: unknown[]) => {
      try {
        return await remote[method](...args);
      } catch (cause) {
        throw storeUnavailable(method, cause);
      }
    },
  ]);
  return { backend: "embedded", ...Object.fromEntries(calls) } as Store;
}
