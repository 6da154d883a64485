import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "./sqlite.ts";

/** The databases of the objects of one class, by the objects' names. */
export interface Databases {
  /** Opens the database of an object: the one that there is, or a new one. */
  open(name: string): DatabaseSync;
  /** Deletes it. It is closed. */
  delete(name: string): void;
  /** The alarms that are set, ms since the Unix epoch. */
  alarms(): readonly { name: string; at: number }[];
  /** @param at null: it is off */
  keepAlarm(name: string, at: number | null): void;
}

/** All databases of one registry. */
export interface Storage {
  databasesOf(objects: string): Databases;
  close(): void;
}

type Open = (path: string) => DatabaseSync;

export const memory = (open: Open): Storage => ({
  databasesOf: () => ({
    open: () => open(":memory:"),
    delete() {},
    alarms: () => [],
    keepAlarm() {},
  }),
  close() {},
});

/** A process that crashes loses nothing; a machine that does may lose the last moments. No other process may open it meanwhile. */
const PRAGMAS = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";

const SQL = {
  create: `CREATE TABLE IF NOT EXISTS object (
    number INTEGER PRIMARY KEY AUTOINCREMENT, class TEXT NOT NULL, name TEXT NOT NULL, alarm INTEGER, UNIQUE (class, name))`,
  add: "INSERT OR IGNORE INTO object (class, name) VALUES (?, ?)",
  number: "SELECT number FROM object WHERE class = ? AND name = ?",
  delete: "DELETE FROM object WHERE class = ? AND name = ?",
  alarms: "SELECT name, alarm AS at FROM object WHERE class = ? AND alarm IS NOT NULL",
  keepAlarm: "UPDATE object SET alarm = ? WHERE class = ? AND name = ?",
} as const;

/**
 * A file for each object, under a number, and `objects.sqlite`, which has their names: a name may have any characters.
 *
 * @param path of a directory, which is made if it is missing
 * @throws {Error} if another registry has it open, or it cannot be written
 */
export function directory(open: Open, path: string): Storage {
  mkdirSync(path, { recursive: true });
  const openFile = (name: string) => {
    const database = open(join(path, `${name}.sqlite`));
    database.exec(PRAGMAS);
    return database;
  };
  const index = openIndex(openFile, path);
  const sql = Object.fromEntries(
    Object.entries(SQL).map(([name, statement]) => [name, index.prepare(statement)]),
  ) as Record<keyof typeof SQL, ReturnType<DatabaseSync["prepare"]>>;
  return {
    databasesOf(objects) {
      const numberOf = (name: string) => String((sql.number.get(objects, name) as { number: number }).number);
      return {
        open(name) {
          sql.add.run(objects, name);
          return openFile(numberOf(name));
        },
        delete(name) {
          const file = join(path, `${numberOf(name)}.sqlite`);
          sql.delete.run(objects, name);
          for (const end of ["", "-wal"]) rmSync(file + end, { force: true });
        },
        alarms: () => sql.alarms.all(objects) as { name: string; at: number }[],
        keepAlarm: (name, at) => void sql.keepAlarm.run(at, objects, name),
      };
    },
    close: () => index.close(),
  };
}

function openIndex(openFile: (name: string) => DatabaseSync, path: string): DatabaseSync {
  try {
    const index = openFile("objects");
    index.exec(SQL.create);
    return index;
  } catch (cause) {
    throw new Error(`The registry in ${path} cannot be opened. Another one may have it open.`, { cause });
  }
}
