import { DatabaseSync } from "node:sqlite";
import type { Rows, Sockets, WholeStorage } from "../../src/durable/storage.ts";

/** An object's storage in memory, without the platform: as much as an object, and whoever ends it, may use of it. */
export function sqliteStorage(): WholeStorage {
  let database = new DatabaseSync(":memory:");
  let alarm: number | null = null;
  return {
    sql: {
      exec<Row>(statement: string, ...bindings: (string | number | null)[]): Rows<Row> {
        if (bindings.length === 0 && statement.includes(";")) {
          database.exec(statement);
          return rowsOf<Row>([]);
        }
        return rowsOf(database.prepare(statement).all(...bindings) as Row[]);
      },
    },
    transactionSync<T>(work: () => T): T {
      database.exec("SAVEPOINT work");
      try {
        const result = work();
        database.exec("RELEASE work");
        return result;
      } catch (error) {
        database.exec("ROLLBACK TO work; RELEASE work");
        throw error;
      }
    },
    getAlarm: async () => alarm,
    setAlarm: async (at) => void (alarm = at),
    deleteAlarm: async () => void (alarm = null),
    async deleteAll() {
      database = new DatabaseSync(":memory:");
      alarm = null;
    },
  };
}

export const noSockets: Sockets = {
  acceptWebSocket() {
    throw new Error("there are no sockets here");
  },
  getWebSockets: () => [],
};

const rowsOf = <Row>(rows: Row[]): Rows<Row> => ({
  [Symbol.iterator]: () => rows.values(),
  toArray: () => rows,
  one() {
    const [row] = rows;
    if (!row || rows.length > 1) throw new Error(`expected one row, got ${rows.length}`);
    return row;
  },
});
