import type { Connection } from "./connection.ts";
import type { Keys } from "./keys.ts";
import type { KnownDocuments } from "./known-documents.ts";

/** One namespace in Redis, as one isolate sees it. */
export interface Database {
  connection: Connection;
  keys: Keys;
  /** Shared by all namespaces. */
  documents: KnownDocuments;
}
