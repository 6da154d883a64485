import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { durableStore } from "../../src/store/embedded/durable-store.ts";
import { type Backend, embeddedBackend, redisBackend } from "./stores.ts";

export interface Breakable {
  backend: Backend;
  /** From here on the store answers nothing but errors. */
  fail: () => Promise<void>;
  /** All is as it was before. */
  recover: () => Promise<void>;
}

/** Both backends, each with an outage of its own kind. */
export const BREAKABLE = [
  {
    name: "redis",
    openBreakable: (): Breakable => {
      const backend = redisBackend();
      const { bridge } = backend;
      return {
        backend,
        fail: () => bridge.fail({ kind: "status", status: 500 }),
        recover: () => bridge.heal(),
      };
    },
  },
  {
    name: "embedded",
    openBreakable: (): Breakable => {
      const stub = env.REGISTRY.getByName(crypto.randomUUID());
      const rename = (from: string, to: string) =>
        runInDurableObject(stub, (_, { storage }) => {
          storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
        });
      return {
        backend: { ...embeddedBackend(), open: () => durableStore(() => stub) },
        fail: () => rename("entry", "mislaid"),
        recover: () => rename("mislaid", "entry"),
      };
    },
  },
] as const;
