import { remote } from "../durable/remote.ts";
import { shell } from "../durable/shell.ts";
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

/** The pool's end of RPC: a Durable Object. */
export class DurableServicePool extends shell(({ storage }) => new ServicePool(storage), METHODS) {}

/** The caller's end of RPC. */
export const durablePool = (stub: () => DurableObjectStub<DurableServicePool>): Pool =>
  remote<Pool>(stub, METHODS);
