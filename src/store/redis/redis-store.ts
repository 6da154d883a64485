import type { Store } from "../store.ts";
import type { Connection } from "./connection.ts";
import { entriesIn } from "./entries.ts";
import { withHeldLeases } from "../held-leases.ts";
import { historyIn } from "./history.ts";
import { holdingIn } from "./holding.ts";
import { keyringIn } from "./keyring.ts";
import { keysOf } from "./keys.ts";
import type { KnownDocuments } from "./known-documents.ts";
import { roomIn } from "./room.ts";
import { searchIn } from "./search.ts";
import { signingKeyIn } from "./signing-key.ts";
import { upkeepOf } from "./upkeep.ts";

export interface RedisStoreOptions {
  connection: Connection;
  prefix: string;
  namespace: string;
  /** Shared by all namespaces. */
  documents: KnownDocuments;
}

/**
 * Entries in Redis, over the Upstash REST protocol; docs/storage.md has the keys. All requests of an isolate to a namespace
 * share one store, and with it what the isolate last saw of the directives.
 */
export function redisStore({ connection, prefix, namespace, documents }: RedisStoreOptions): Store {
  const database = { connection, documents, keys: keysOf(prefix, namespace) };
  return withHeldLeases({
    backend: "redis",
    ...entriesIn(database),
    ...holdingIn(database),
    ...searchIn(database),
    ...upkeepOf(database),
    ...historyIn(database),
    ...roomIn(database),
    ...keyringIn(database),
    ...signingKeyIn(database),
  });
}
