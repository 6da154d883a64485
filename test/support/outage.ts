import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DurableRegistryObject } from "../../src/store/embedded/durable-registry-object.ts";
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
      let call: DurableRegistryObject["hosted"]["call"] | undefined;
      const answerBy = (next: typeof call) =>
        runInDurableObject(stub, ({ hosted }) => {
          call ??= hosted.call.bind(hosted);
          hosted.call = next ?? call;
        });
      const out = () => {
        throw new Error("out");
      };
      return {
        backend: { ...embeddedBackend(), open: () => durableStore(() => stub) },
        fail: () => answerBy(out),
        recover: () => answerBy(undefined),
      };
    },
  },
] as const;
