import { inject } from "vitest";
import type { Counters, Fault, SetClock, SetCopy, WatchScripts } from "./bridge-control-protocol.ts";

/** Drives the REST bridge from a test: what was sent under one token, and what shall go wrong. */
export class BridgeControl {
  readonly url: string;
  readonly token: string;

  /** @param clock  at which Redis's own clock stands, ms since the Unix epoch; undefined: the real time */
  constructor(url = inject("bridgeUrl"), clock?: number) {
    this.url = url;
    this.token = `test-${clock === undefined ? "" : `at${clock}-`}${crypto.randomUUID()}`;
  }

  async counters(): Promise<Counters> {
    return this.#control<Counters>("GET");
  }

  /** What `work` sends: HTTP requests and the commands in them. */
  async cost(work: () => Promise<unknown>): Promise<Counters> {
    const before = await this.counters();
    await work();
    const after = await this.counters();
    return {
      requests: after.requests - before.requests,
      commands: after.commands - before.commands,
      log: after.log.slice(before.commands - after.commands),
    };
  }

  async fail(fault: Fault): Promise<void> {
    await this.#control("PUT", "", fault);
  }

  async heal(): Promise<void> {
    await this.#control("DELETE");
  }

  /** Sets Redis's own clock, ms since the Unix epoch. */
  async setClock(now: number): Promise<void> {
    await this.#control("PUT", "/clock", { now } satisfies SetClock);
  }

  /** Has reads answered by a copy, which is told of nothing that is written from now on until `catchUp`. */
  async fallBehind(): Promise<void> {
    await this.#control("PUT", "/copy", { isBehind: true } satisfies SetCopy);
  }

  /** Has the copy told of everything; resolves once it knows. */
  async catchUp(): Promise<void> {
    await this.#control("PUT", "/copy", { isBehind: false } satisfies SetCopy);
  }

  /** The names of the commands that scripts run on keys with the prefix while `work` is done: they are billed too. */
  async inScripts(prefix: string, work: () => Promise<unknown>): Promise<string[]> {
    await this.#control("PUT", "/scripts", { prefix } satisfies WatchScripts);
    await work();
    return this.#control<string[]>("GET", "/scripts");
  }

  /** Runs a command on Redis itself, uncounted and unharmed. */
  async raw<T>(...command: (string | number)[]): Promise<T> {
    return (await this.#control<{ result: T }>("POST", "/raw", command)).result;
  }

  async #control<T>(method: string, path = "", body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/control/${this.token}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`bridge control ${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}
