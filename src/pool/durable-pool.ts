import { forgettable, type IsKnown } from "../durable/forgettable.ts";
import { remote } from "../durable/remote.ts";
import type { Pool } from "./pool.ts";
import { ServicePool } from "./service-pool.ts";

const METHODS: Record<keyof Pool, true> = {
  resolve: true,
  report: true,
  check: true,
  describe: true,
  reset: true,
  override: true,
  selections: true,
};

/**
 * The pool's end of RPC: the class of a Durable Object.
 *
 * @param isKnown whether any agent offers the service of the object with this name
 */
export const durableServicePool = (isKnown: IsKnown) =>
  forgettable({ make: (storage) => new ServicePool(storage), methods: METHODS, isKnown });

export type DurableServicePool = InstanceType<ReturnType<typeof durableServicePool>>;

/** The caller's end of RPC. */
export const durablePool = (stub: () => DurableObjectStub<DurableServicePool>): Pool =>
  remote<Pool>(stub, METHODS);
