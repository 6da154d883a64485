import type { KeyringChange, StoredKey } from "../../core/api-key.ts";
import type { Event } from "../../core/event.ts";
import type { ObjectStorage } from "../../durable/storage.ts";
import { hourOf, startOf, type UsedKey } from "../keyring.ts";
import type { History } from "./history.ts";
import { SQL } from "./schema.ts";

/** The namespace's keys. */
export class ApiKeys {
  readonly #storage: ObjectStorage;
  readonly #history: History;

  constructor(storage: ObjectStorage, history: History) {
    this.#storage = storage;
    this.#history = history;
  }

  find(ids: readonly string[], now: number): (StoredKey | undefined)[] {
    const { sql } = this.#storage;
    const hour = hourOf(now);
    return ids.map((id) => {
      const [row] = sql.exec<{ key: string; used: number | null }>(SQL.readKey, id).toArray();
      // A row written is billed: once an hour, and not once a look.
      if (row && (row.used ?? -1) < hour) sql.exec(SQL.noteKeyUsed, hour, id);
      return row && (JSON.parse(row.key) as StoredKey);
    });
  }

  all(): { keys: UsedKey[]; version: string } {
    const rows = this.#storage.sql.exec<{ key: string; used: number | null }>(SQL.readKeys).toArray();
    const keys = rows.map(({ key, used }) => ({
      key: JSON.parse(key) as StoredKey,
      lastUsedAt: used === null ? null : startOf(used),
    }));
    return { keys, version: this.#version() };
  }

  change(version: string, { put, remove }: KeyringChange, event: Event | undefined): boolean {
    const { sql } = this.#storage;
    if (version !== this.#version()) return false;
    this.#storage.transactionSync(() => {
      for (const key of put) sql.exec(SQL.writeKey, key.id, JSON.stringify(key));
      for (const id of remove) sql.exec(SQL.deleteKey, id);
      sql.exec(SQL.writeKeysVersion, String(Number(version) + 1));
      if (event) this.#history.add(event);
    });
    return true;
  }

  #version(): string {
    const [row] = this.#storage.sql.exec<{ report: string }>(SQL.readKeysVersion).toArray();
    return row?.report ?? "0";
  }
}
