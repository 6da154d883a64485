/**
 * Brings a Durable Object's tables up to date, in its constructor: runs those of the numbered migrations that have not run
 * here yet. A list of them is only ever appended to.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
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
