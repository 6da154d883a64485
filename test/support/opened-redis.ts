import { Connection } from "../../src/store/redis/connection.ts";
import { KnownDocuments } from "../../src/store/redis/known-documents.ts";
import { redisStore } from "../../src/store/redis/redis-store.ts";
import { redisBackend, TIMEOUT_MS } from "./stores.ts";

/** A store in Redis, and a hand inside of it. */
export function openRedis() {
  const backend = redisBackend();
  const { bridge, prefix } = backend;
  const store = backend.open("default");
  const key = (name: string) => `${prefix}:default:${name}`;
  return {
    ...backend,
    store,
    key,
    redis: <T>(command: string, name: string, ...args: (string | number)[]) =>
      bridge.raw<T>(command, key(name), ...args),
    keys: async () =>
      (await bridge.raw<string[]>("KEYS", `${prefix}:*`))
        .map((name) => name.slice(key("").length))
        .toSorted(),
    /** The same namespace as another isolate would see it, that knows only what is in `documents`. */
    elsewhere: (documents = new KnownDocuments(), reads: "primary" | "nearest" = "primary") =>
      redisStore({
        connection: new Connection({ url: bridge.url, token: bridge.token, timeoutMs: TIMEOUT_MS, reads }),
        prefix,
        namespace: "default",
        documents,
      }),
    members: (term: string) => bridge.raw<string[]>("ZRANGE", key(`ix:${term}`), 0, -1),
  };
}

/** An index member as it is in Redis. */
export const member = (id: string, fence: string) => `${id}\x1f${fence}`;
