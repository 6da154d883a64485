import type { Sql } from "../durable/storage.ts";
import { SQL } from "./schema.ts";

/** So many may be kept before those of no call in hand are dropped: twice what a toolset can have. */
const KEPT_MAX = 400;

/** The result schemas that calls were admitted with, by hash: a toolset that is amended may have others. */
export class ResultSchemas {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Keeps the schema of a call that has been added. */
  add({ hash, json }: { hash: string; json: string }): void {
    const isNew = this.#sql.exec(SQL.addResultSchema, hash, json).toArray().length > 0;
    if (isNew && this.#sql.exec<{ n: number }>(SQL.countResultSchemas).one().n > KEPT_MAX) this.dropUnused();
  }

  find(hash: string): string | undefined {
    return this.#sql.exec<{ json: string }>(SQL.readResultSchema, hash).toArray()[0]?.json;
  }

  /** Drops those of no call that is queued or claimed. */
  dropUnused(): void {
    this.#sql.exec(SQL.deleteUnusedResultSchemas);
  }
}
