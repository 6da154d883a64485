import type { DatabaseSync } from "node:sqlite";

export type { DatabaseSync };

/**
 * Opens a database.
 *
 * @param path  of a file, which is created if it is missing; or ":memory:"
 * @throws {Error} on a Node.js without SQLite
 */
export function openDatabase(path: string): DatabaseSync {
  // An import of what is missing would fail before anything could be said about it.
  const sqlite = process.getBuiltinModule?.("node:sqlite");
  if (!sqlite)
    throw new Error(
      `rollcall/local needs Node.js 22.13 or newer, for node:sqlite; this is ${process.version}.`,
    );
  return new sqlite.DatabaseSync(path);
}
