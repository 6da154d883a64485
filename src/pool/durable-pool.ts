import { Forgettable, type IsKnown } from "../durable/forgettable.ts";
import type { Host } from "../durable/hosted.ts";
import { remote } from "../durable/remote.ts";
import type { BarePool } from "./pool.ts";
import { ServicePool } from "./service-pool.ts";

/** What RPC may call. */
export const METHODS: Record<keyof BarePool, true> = {
  resolve: true,
  report: true,
  check: true,
  describe: true,
  reset: true,
  override: true,
  restore: true,
  selections: true,
  told: true,
};

/**
 * The pool's end of RPC.
 *
 * @param isKnown whether any agent offers the service of the object with this name
 */
export const hostedPool = (host: Host, isKnown: IsKnown): Forgettable<ServicePool> =>
  new Forgettable({ make: (storage) => new ServicePool(storage), isKnown }, host);

/** The caller's end of RPC. */
export const durablePool = (stub: () => object): BarePool => remote<BarePool>(stub, METHODS);
