/** Rollcall as it is, and beside it a tally of the rows that the embedded store reads and writes: what Cloudflare bills. */
import type { Tally } from "./rows.ts";
import worker, { RegistryObject as Registry, ServicePool } from "../src/worker.ts";

export { ServicePool };

export class RegistryObject extends Registry {
  readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[];

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    // A cursor knows its rows only once it has been read to its end, so all are kept until somebody asks.
    sql.exec = (...query: Parameters<typeof exec>) => {
      const cursor = exec(...query);
      cursors.push(cursor);
      return cursor as never;
    };
    super(ctx, env);
    this.#cursors = cursors;
  }

  /** What was read and written since the last call. */
  tally(): Tally {
    const cursors = this.#cursors.splice(0);
    const sum = (rows: "rowsRead" | "rowsWritten") => cursors.reduce((n, cursor) => n + cursor[rows], 0);
    return {
      rowsRead: sum("rowsRead"),
      rowsWritten: sum("rowsWritten"),
      databaseBytes: this.ctx.storage.sql.databaseSize,
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
