import type { ObjectStorage } from "./storage.ts";

/**
 * Brings an object's tables up to date: runs the migrations that have not run in this storage yet, each in a transaction of
 * its own. To be called before the tables are used.
 *
 * @param migrations append-only; a migration's number is its place in the list
 */
export function migrate(storage: ObjectStorage, migrations: readonly string[]): void {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY)");
  const { done } = sql.exec<{ done: number }>("SELECT count(*) AS done FROM migration").one();
  for (let number = done; number < migrations.length; number += 1) {
    storage.transactionSync(() => {
      sql.exec(migrations[number]!);
      sql.exec("INSERT INTO migration (number) VALUES (?)", number);
    });
  }
}
