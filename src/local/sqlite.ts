import type { DatabaseSync } from "node:sqlite";

export type { DatabaseSync };

/**
 * Opens databases by their paths: of a file, which is created if it is missing, or ":memory:".
 *
 * @throws {Error} on a Node.js without SQLite
 */
export function sqlite(): (path: string) => DatabaseSync {
  // An import of what is missing would fail before anything could be said about it.
  const module = process.getBuiltinModule?.("node:sqlite");
  if (!module)
    throw new Error(
      `rollcall/local needs Node.js 22.13 or newer, for node:sqlite; this is ${process.version}.`,
    );
  return (path) => new module.DatabaseSync(path);
}
