/** Rollcall as it is, and beside it a tally of the rows that the embedded store reads and writes: what Cloudflare bills. */
import worker, { RegistryObject as Registry, ServicePool } from "../src/worker.ts";

export { ServicePool };

export interface Tally {
  rowsRead: number;
  rowsWritten: number;
  databaseBytes: number;
}

export class RegistryObject extends Registry {
  readonly #sql: SqlStorage;
  readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[];

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const sql = new Proxy(ctx.storage.sql, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "exec") return typeof value === "function" ? (value.bind(target) as unknown) : value;
        return (...query: Parameters<SqlStorage["exec"]>) => {
          const cursor = target.exec(...query);
          // A cursor knows its rows only once it has been read to its end.
          cursors.push(cursor);
          return cursor;
        };
      },
    });
    const storage = new Proxy(ctx.storage, {
      get(target, name) {
        if (name === "sql") return sql;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    super(
      new Proxy(ctx, {
        get(target, name) {
          if (name === "storage") return storage;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
      env,
    );
    this.#sql = ctx.storage.sql;
    this.#cursors = cursors;
  }

  /** What was read and written since the last call. */
  tally(): Tally {
    const cursors = this.#cursors.splice(0);
    const sum = (rows: "rowsRead" | "rowsWritten") => cursors.reduce((n, cursor) => n + cursor[rows], 0);
    return {
      rowsRead: sum("rowsRead"),
      rowsWritten: sum("rowsWritten"),
      databaseBytes: this.#sql.databaseSize,
    };
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/tally") return worker.fetch(request, env, ctx);
    const stub = env.REGISTRY.getByName(
      searchParams.get("namespace")!,
    ) as unknown as DurableObjectStub<RegistryObject>;
    return Response.json(await stub.tally());
  },
} satisfies ExportedHandler<Env>;
