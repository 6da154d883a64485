/**
 * What an object uses of its platform. A Durable Object's `ctx` and `ctx.storage` have these shapes; anything else that has
 * them can run the same object.
 */

export interface Sql {
  /** Runs one statement, or several without bindings. `?` is bound in order, `?1` by number. */
  exec<Row extends Record<string, ArrayBuffer | string | number | null>>(
    statement: string,
    ...bindings: (string | number | null)[]
  ): Rows<Row>;
}

export interface Rows<Row> extends Iterable<Row> {
  toArray(): Row[];
  /** Throws unless there is exactly one row. */
  one(): Row;
}

export interface ObjectStorage {
  sql: Sql;
  /** Runs `work` in one transaction, which is rolled back if `work` throws. */
  transactionSync<T>(work: () => T): T;
  /** When the alarm is set for, in ms since the Unix epoch; null when it is not set. */
  getAlarm(): Promise<number | null>;
  /** Sets the one alarm of the object, in ms since the Unix epoch. */
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/** All of it, as whoever ends an object needs it. */
export interface WholeStorage extends ObjectStorage {
  /** Deletes every table, and the alarm. */
  deleteAll(): Promise<void>;
}

/** The server's end of a WebSocket that outlives the object's memory (hibernation), together with its attachment. */
export interface HibernatingSocket {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Keeps a small value with the socket; the platform bounds its size. */
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

export interface Sockets {
  /** Accepts a socket for the object to keep, and to find by any of its tags (of at most 256 characters). */
  acceptWebSocket(socket: HibernatingSocket, tags?: string[]): void;
  /** The accepted sockets that either end has not closed yet: those with the tag, or all. */
  getWebSockets(tag?: string): HibernatingSocket[];
  /** When the platform last answered on the socket by itself, without waking the object; null: never. */
  getWebSocketAutoResponseTimestamp(socket: HibernatingSocket): Date | null;
}
