import type { Host, Hosted } from "../durable/hosted.ts";
import type { Sockets } from "../durable/storage.ts";
import type { Clock } from "./clock.ts";
import type { Databases } from "./databases.ts";
import { SqliteStorage } from "./sqlite-storage.ts";
import type { DatabaseSync } from "./sqlite.ts";
import { TimedAlarm } from "./timed-alarm.ts";

/** How long after its alarm failed an object is woken again, ms. */
const RETRY_MS = 10_000;

/** Taken when this is loaded: under a test's fake timers a call still takes its turn. */
const { setImmediate } = globalThis;
/** What was begun with the storage in this turn of the event loop is done in the next. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Running {
  hosted: Hosted<object>;
  storage: SqliteStorage;
  database: DatabaseSync;
}

export interface ObjectsOptions {
  clock: Clock;
  /** Makes the object. */
  run: (host: Host) => Hosted<object>;
  databases: Databases;
}

/** The objects of one class in this process, in place of the platform's namespace: one for each name, started by its first call. */
export class LocalObjects {
  readonly #options: ObjectsOptions;
  readonly #running = new Map<string, Running>();
  readonly #alarms = new Map<string, TimedAlarm>();
  /** What the alarms that have gone off do, by the objects' names: one after another. */
  readonly #ringing = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(options: ObjectsOptions) {
    this.#options = options;
    for (const { name, at } of options.databases.alarms()) this.#alarmOf(name).resume(at);
  }

  /** A stub of the object with this name: it has each method, and answers by a promise. */
  stub(name: string): { fetch: () => Promise<Response> } {
    const own = {
      fetch: async (): Promise<Response> => {
        throw new Error("there are no sockets in this process");
      },
    };
    return new Proxy(own, {
      get: (_, method: string) =>
        method === "fetch" ? own.fetch : (...args: unknown[]) => this.#call(name, method, args),
    });
  }

  /** Ends all timers, and closes the databases. Calls are refused from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pauseAlarms();
    await Promise.all(this.#ringing.values());
    // Of those that have gone off some are set again.
    this.#pauseAlarms();
    for (const { database } of this.#running.values()) database.close();
    this.#running.clear();
  }

  /** Arguments and answer are copied, as RPC does it: neither side sees what the other makes of them later. */
  async #call(name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const sent = structuredClone(args);
    // The platform lets nobody in while an object waits for its storage. Here that is over within the turn.
    await nextTurn();
    if (this.#isClosed) throw new Error("the registry is closed");
    return structuredClone(await this.#find(name).hosted.call(method, sent));
  }

  #find(name: string): Running {
    const known = this.#running.get(name);
    if (known) return known;
    const { run, databases } = this.#options;
    const database = databases.open(name);
    const storage = new SqliteStorage(database, this.#alarmOf(name));
    const running = { hosted: run({ storage, sockets: NO_SOCKETS, name }), storage, database };
    this.#running.set(name, running);
    return running;
  }

  #alarmOf(name: string): TimedAlarm {
    const known = this.#alarms.get(name);
    if (known) return known;
    const { clock, databases } = this.#options;
    const alarm = new TimedAlarm(clock, {
      keep: (at) => databases.keepAlarm(name, at),
      goOff: () => this.#ring(name),
    });
    this.#alarms.set(name, alarm);
    return alarm;
  }

  #ring(name: string): void {
    const before = this.#ringing.get(name);
    const rung = (async () => {
      await before;
      await nextTurn();
      await this.#goOff(name);
    })();
    this.#ringing.set(name, rung);
  }

  async #goOff(name: string): Promise<void> {
    const { clock } = this.#options;
    const { hosted, storage } = this.#find(name);
    const alarm = this.#alarmOf(name);
    try {
      await hosted.goOff(clock.now());
    } catch {
      alarm.setNoLater(clock.now() + RETRY_MS);
    }
    alarm.keep();
    if (storage.isEmptied) this.#end(name);
  }

  #pauseAlarms(): void {
    for (const alarm of this.#alarms.values()) alarm.pause();
  }

  /** Of an object that has emptied its storage nothing need be left. A call finds another one. */
  #end(name: string): void {
    this.#running.get(name)?.database.close();
    this.#alarmOf(name).pause();
    for (const kept of [this.#running, this.#alarms, this.#ringing]) kept.delete(name);
    this.#options.databases.delete(name);
  }
}

export const NO_SOCKETS: Sockets = {
  acceptWebSocket() {
    throw new Error("there are no sockets in this process");
  },
  getWebSockets: () => [],
  getWebSocketAutoResponseTimestamp: () => null,
};
