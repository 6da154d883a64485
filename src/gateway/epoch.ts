import type { Sql } from "../durable/storage.ts";
import { compareEpochs, type Epoch } from "../core/fence.ts";
import { type EpochRow, SQL } from "./schema.ts";

// Stands before the stored fence of a registration that was removed; no fence begins with it.
const CLOSED = "closed ";

/**
 * The latest registration that the object knows. It stays stored when the registration is removed, so that those who know no
 * later one get "stale".
 */
export class LatestEpoch {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** ms since the Unix epoch; undefined: there was no registration yet */
  get registeredAt(): number | undefined {
    return this.#read()?.registered_at;
  }

  isCurrent(fence: string): boolean {
    return this.#read()?.fence === fence;
  }

  /** Whether `epoch` is the latest registration, a later or an earlier one. */
  compare({ fence, registeredAt }: Epoch): "current" | "later" | "stale" {
    const latest = this.#read();
    if (!latest) return "later";
    if (latest.fence === fence) return "current";
    const isClosed = latest.fence.startsWith(CLOSED);
    const known = {
      fence: isClosed ? latest.fence.slice(CLOSED.length) : latest.fence,
      registeredAt: latest.registered_at,
    };
    return compareEpochs({ fence, registeredAt }, known) > 0 ? "later" : "stale";
  }

  replace({ fence, registeredAt }: Epoch): void {
    this.#sql.exec(SQL.writeEpoch, fence, registeredAt);
  }

  /** Keeps `registered_at` but marks the fence closed. */
  close(): void {
    this.#sql.exec(SQL.prefixFence, CLOSED);
  }

  #read(): EpochRow | undefined {
    return this.#sql.exec<EpochRow>(SQL.readEpoch).toArray()[0];
  }
}
