import type { Host, Hosted } from "../durable/hosted.ts";
import type { Sockets } from "../durable/storage.ts";
import { type Clock, runAt } from "./clock.ts";
import { type Alarm, SqliteStorage } from "./sqlite-storage.ts";
import type { DatabaseSync } from "./sqlite.ts";

/** How long after its alarm failed an object is woken again, ms. */
const RETRY_MS = 10_000;

/** Taken when this is loaded: under a test's fake timers a call still takes its turn. */
const { setImmediate } = globalThis;
/** What was begun with the storage in this turn of the event loop is done in the next. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Running {
  hosted: Hosted<object>;
  database: DatabaseSync;
  alarm: TimedAlarm;
  /** The alarms that have gone off, one after another. */
  ringing: Promise<void>;
}

export interface ObjectsOptions {
  clock: Clock;
  /** Makes the object. */
  run: (host: Host) => Hosted<object>;
  open: (name: string) => DatabaseSync;
}

/** The objects of one class in this process, in place of the platform's namespace: one for each name, started by its first call. */
export class LocalObjects {
  readonly #options: ObjectsOptions;
  readonly #running = new Map<string, Running>();
  #isClosed = false;

  constructor(options: ObjectsOptions) {
    this.#options = options;
  }

  /** A stub of the object with this name: has each of its methods, and answers by a promise. */
  stub(name: string): { fetch: () => Promise<Response> } {
    return new Proxy(
      {
        fetch: async (): Promise<Response> => {
          throw new Error("there are no sockets in this process");
        },
      },
      {
        get: (own, method: string) =>
          method === "fetch" ? own.fetch : (...args: unknown[]) => this.#call(name, method, args),
      },
    );
  }

  /** Ends all timers, and closes the databases. Calls are refused from now on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const running = [...this.#running.values()];
    for (const { alarm } of running) alarm.cancel();
    await Promise.all(running.map(({ ringing }) => ringing));
    for (const { database } of running) database.close();
    this.#running.clear();
  }

  /** Arguments and answer are copied, as RPC does it: neither side sees what the other makes of them later. */
  async #call(name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const sent = structuredClone(args);
    // The platform lets nobody in while an object waits for its storage. Here that is over within the turn.
    await nextTurn();
    return structuredClone(await this.#find(name).hosted.call(method, sent));
  }

  #find(name: string): Running {
    if (this.#isClosed) throw new Error("the registry is closed");
    const known = this.#running.get(name);
    if (known) return known;
    const { clock, run, open } = this.#options;
    const database = open(name);
    const alarm = new TimedAlarm(clock, () => this.#ring(name));
    const hosted = run({ storage: new SqliteStorage(database, alarm), sockets: NO_SOCKETS, name });
    const started = { hosted, database, alarm, ringing: Promise.resolve() };
    this.#running.set(name, started);
    return started;
  }

  #ring(name: string): void {
    const running = this.#find(name);
    running.ringing = running.ringing.then(async () => {
      await nextTurn();
      const { clock } = this.#options;
      await running.hosted.goOff(clock.now()).catch(() => running.alarm.retry(clock.now() + RETRY_MS));
    });
  }
}

/** An object's alarm on a timer. It is off while it goes off. */
class TimedAlarm implements Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at: number | null = null;
  #cancel: () => void = () => {};

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get at(): number | null {
    return this.#at;
  }

  set at(at: number | null) {
    this.#cancel();
    this.#at = at;
    if (at === null) return;
    this.#cancel = runAt(this.#clock, at, () => {
      this.#at = null;
      this.#ring();
    });
  }

  /** Ends the timer; the alarm is kept. */
  cancel(): void {
    this.#cancel();
  }

  /** Goes off at `at`, unless it does so earlier. */
  retry(at: number): void {
    this.at = Math.min(this.#at ?? at, at);
  }
}

export const NO_SOCKETS: Sockets = {
  acceptWebSocket() {
    throw new Error("there are no sockets in this process");
  },
  getWebSockets: () => [],
};
