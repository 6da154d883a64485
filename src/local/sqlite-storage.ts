import type { Rows, Sql, WholeStorage } from "../durable/storage.ts";
import type { DatabaseSync } from "./sqlite.ts";

type Binding = string | number | null;

/** Where an object's alarm is kept: ms since the Unix epoch, null while it is off. */
export interface Alarm {
  at: number | null;
}

/** An object's storage on SQLite, in place of the platform's: as much of it as an object, and whoever ends it, may use. */
export class SqliteStorage implements WholeStorage {
  readonly sql: Sql;
  /** Whether `deleteAll` was called. */
  isEmptied = false;
  readonly #database: DatabaseSync;
  readonly #alarm: Alarm;

  constructor(database: DatabaseSync, alarm: Alarm) {
    this.#database = database;
    this.#alarm = alarm;
    const prepared = new Map<string, (bindings: readonly Binding[]) => unknown[]>();
    this.sql = {
      exec<Row>(statement: string, ...bindings: Binding[]): Rows<Row> {
        if (bindings.length === 0 && statement.includes(";")) {
          database.exec(statement);
          return rowsOf<Row>([]);
        }
        let run = prepared.get(statement);
        if (!run) prepared.set(statement, (run = prepare(database, statement)));
        return rowsOf(run(bindings) as Row[]);
      },
    };
  }

  transactionSync<T>(work: () => T): T {
    const database = this.#database;
    database.exec("SAVEPOINT work");
    try {
      const result = work();
      database.exec("RELEASE work");
      return result;
    } catch (error) {
      database.exec("ROLLBACK TO work; RELEASE work");
      throw error;
    }
  }

  async getAlarm(): Promise<number | null> {
    return this.#alarm.at;
  }

  async setAlarm(at: number): Promise<void> {
    this.#alarm.at = at;
  }

  async deleteAlarm(): Promise<void> {
    this.#alarm.at = null;
  }

  async deleteAll(): Promise<void> {
    const tables = this.sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    for (const { name } of tables) this.#database.exec(`DROP TABLE "${name}"`);
    this.#alarm.at = null;
    this.isEmptied = true;
  }
}

function prepare(database: DatabaseSync, statement: string): (bindings: readonly Binding[]) => unknown[] {
  const prepared = database.prepare(statement);
  if (!/\?\d/.test(statement)) return (bindings) => prepared.all(...bindings);
  // Node.js 22 knows `?1` by that name alone.
  return (bindings) => prepared.all(Object.fromEntries(bindings.map((binding, i) => [`?${i + 1}`, binding])));
}

const rowsOf = <Row>(rows: Row[]): Rows<Row> => ({
  [Symbol.iterator]: () => rows.values(),
  toArray: () => rows,
  one() {
    const [row] = rows;
    if (!row || rows.length > 1) throw new Error(`expected one row, got ${rows.length}`);
    return row;
  },
});
