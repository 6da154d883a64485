import type { ObjectStorage, WholeStorage } from "./storage.ts";

/** How long after its last use an object asks whether its name is still known, and how long after the answer again; ms. */
export const UNUSED_MS = 86_400_000;
/** After no answer, ms. */
const ASK_AGAIN_MS = 3_600_000;
/** The last use is written down once in so many ms, so that a busy object writes a row an hour for it. */
const NOTED_EVERY_MS = 3_600_000;

const SQL = {
  create: `CREATE TABLE IF NOT EXISTS last_use (
    one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, ask_at INTEGER NOT NULL)`,
  read: "SELECT name, ask_at FROM last_use",
  write: "INSERT OR REPLACE INTO last_use (one, name, ask_at) VALUES (1, ?, ?)",
} as const;

/**
 * Empties an object that nobody uses. A name that comes from a caller makes an object for ever; so a day after its last use
 * the object asks whether the name is still known, and is emptied on a clear no. Instants are ms since the Unix epoch.
 */
export class LastUse {
  readonly #storage: WholeStorage;
  #name = "";
  /** null: never used */
  #askAt: number | null = null;
  #usedAt = Number.NEGATIVE_INFINITY;

  constructor(storage: WholeStorage) {
    this.#storage = storage;
    storage.sql.exec(SQL.create);
    const [row] = storage.sql.exec<{ name: string; ask_at: number }>(SQL.read).toArray();
    if (row) [this.#name, this.#askAt] = [row.name, row.ask_at];
  }

  /** Notes that the object is used, under its name; a promise where that has to be written. */
  note(name: string, now: number): Promise<void> | undefined {
    this.#usedAt = now;
    const askAt = now + UNUSED_MS;
    if (this.#askAt !== null && askAt - this.#askAt < NOTED_EVERY_MS) return undefined;
    this.#name = name;
    return this.#askAtFrom(askAt);
  }

  /**
   * The object's own storage, with an alarm of its own: the platform has one for each object, and this needs it too. The
   * object is called at either instant.
   */
  beside(): ObjectStorage {
    const storage = this.#storage;
    return {
      sql: storage.sql,
      transactionSync: (work) => storage.transactionSync(work),
      getAlarm: async () => {
        const at = await storage.getAlarm();
        return at === this.#askAt ? null : at;
      },
      setAlarm: (at) => storage.setAlarm(Math.min(at, this.#askAt ?? at)),
      deleteAlarm: () => (this.#askAt === null ? storage.deleteAlarm() : storage.setAlarm(this.#askAt)),
    };
  }

  /**
   * To be called when the alarm goes off, after the object did what it had to: asks, if it is time, and sets the next alarm.
   *
   * @param isKnown rejects if it cannot be found out
   * @returns true: the storage is empty, and the object is to begin anew
   */
  async endIfForgotten(isKnown: (name: string) => Promise<boolean>, now: number): Promise<boolean> {
    if (this.#askAt === null) return false;
    if (now < this.#askAt) {
      await this.#setAlarm(this.#askAt);
      return false;
    }
    const usedAt = this.#usedAt;
    const answer = await isKnown(this.#name).catch(() => undefined);
    // Used while it asked: there is no hurry.
    const isOver = answer === false && this.#usedAt === usedAt;
    if (isOver) await this.#storage.deleteAll();
    else await this.#askAtFrom(now + (answer === undefined ? ASK_AGAIN_MS : UNUSED_MS));
    return isOver;
  }

  async #askAtFrom(askAt: number): Promise<void> {
    this.#askAt = askAt;
    this.#storage.sql.exec(SQL.write, this.#name, askAt);
    await this.#setAlarm(askAt);
  }

  /** Sets the platform's alarm, unless an earlier one is set. */
  async #setAlarm(at: number): Promise<void> {
    const set = await this.#storage.getAlarm();
    if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}
