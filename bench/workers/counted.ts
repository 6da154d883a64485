/** Rollcall, with a count of the rows that the embedded store reads and writes, which Cloudflare bills. */
import type { CountedRows } from "./counted-rows.ts";
import worker, {
  AgentHub,
  RegistryObject as Registry,
  ServicePool,
  ToolGateway,
  WebhookSender,
} from "../../src/worker.ts";

export { AgentHub, ServicePool, ToolGateway, WebhookSender };

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

/** A cursor has its row counts only when it has been read to its end, so the newest cursors are counted later. */
class RowCount {
  static readonly #UNFINISHED_MAX = 16;
  #cursors: Cursor[] = [];
  #rows = { rowsRead: 0, rowsWritten: 0 };

  add(cursor: Cursor): void {
    this.#cursors.push(cursor);
    if (this.#cursors.length > 4 * RowCount.#UNFINISHED_MAX) this.#settle(RowCount.#UNFINISHED_MAX);
  }

  take(): { rowsRead: number; rowsWritten: number } {
    this.#settle(0);
    const rows = this.#rows;
    this.#rows = { rowsRead: 0, rowsWritten: 0 };
    return rows;
  }

  #settle(kept: number): void {
    for (const cursor of this.#cursors.splice(0, this.#cursors.length - kept)) {
      this.#rows.rowsRead += cursor.rowsRead;
      this.#rows.rowsWritten += cursor.rowsWritten;
    }
  }
}

export class RegistryObject extends Registry {
  readonly #count: RowCount;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    const count = new RowCount();
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = (...query: Parameters<typeof exec>) => {
      const cursor = exec(...query);
      count.add(cursor);
      return cursor as never;
    };
    super(ctx, env);
    this.#count = count;
  }

  /** Rows read and written since the last call. */
  tally(): CountedRows {
    return { ...this.#count.take(), databaseBytes: this.ctx.storage.sql.databaseSize };
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
