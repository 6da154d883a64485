import { ask, Refusal } from "./api.ts";

/**
 * Looks whether anything was told in the registry: one small question (`GET /v1/marker`) every 2 s, which one tab of the browser
 * asks for all that have the same key. A view is fetched anew only when the marker is another.
 */

export const LOOK_EVERY_MS = 2000;
/** Between two looks while there is no answer. */
const BACKOFF_MAX_MS = 10_000;
/** How long a tab that opens waits for what another has seen. */
const HEARSAY_MS = 80;

/** What was seen. */
export interface Look {
  marker: string | undefined;
  /** The registry's clock less this machine's, ms. */
  skewMs: number;
  /** Why it was not seen. */
  refusal: { status: number; code: string; detail: string } | undefined;
}

export type Said =
  | { type: "look"; look: Look }
  | { type: "who" }
  | { type: "want"; path: string; marker: string }
  | { type: "view"; path: string; marker: string | undefined; readAt: number; body: unknown };

/** How the tabs of one audience speak with each other. */
export class Tabs {
  readonly #channel: BroadcastChannel | undefined;
  readonly #audience: string | undefined;
  readonly #listeners = new Set<(said: Said) => void>();

  /** @param audience  undefined: this tab is alone */
  constructor(audience: string | undefined) {
    this.#audience = audience;
    if (audience === undefined) return;
    this.#channel = new BroadcastChannel(`rollcall-${audience}`);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<Said>) => {
      for (const listener of this.#listeners) listener(data);
    });
  }

  get isAlone(): boolean {
    return this.#channel === undefined;
  }

  say(said: Said): void {
    this.#channel?.postMessage(said);
  }

  hear(listener: (said: Said) => void): void {
    this.#listeners.add(listener);
  }

  /** Runs `work` while no other tab does what has this name. */
  async exclusively<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#audience === undefined) return work();
    return navigator.locks.request(`rollcall-${this.#audience}-${name}`, signal ? { signal } : {}, work);
  }

  close(): void {
    this.#channel?.close();
  }
}

export class Looks {
  readonly #tabs: Tabs;
  readonly #seen: (look: Look) => void;
  #last: Look | undefined;
  #turn: AbortController | undefined;
  #isLeading = false;
  #isPaused = false;

  /** @param seen  told every look, this tab's or another's */
  constructor(tabs: Tabs, seen: (look: Look) => void) {
    this.#tabs = tabs;
    this.#seen = seen;
    tabs.hear((said) => {
      if (said.type === "look" && !this.#isPaused) this.#take(said.look);
      if (said.type === "who" && this.#isLeading && this.#last) tabs.say({ type: "look", look: this.#last });
    });
  }

  get isLeading(): boolean {
    return this.#isLeading || this.#tabs.isAlone;
  }

  /** Looks while the tab is visible, or hears what another tab sees. */
  start(): void {
    document.addEventListener("visibilitychange", this.#update);
    this.#update();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#update();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.#update);
    this.#turn?.abort();
  }

  readonly #update = (): void => {
    this.#turn?.abort();
    if (document.hidden || this.#isPaused) return;
    const { signal } = (this.#turn = new AbortController());
    // A tab that dies, or is hidden, frees the lock: another one takes over.
    this.#tabs.exclusively("look", () => this.#lead(signal), signal).catch(() => undefined);
    this.#tabs.say({ type: "who" });
    // Nobody may be leading who could say: a tab that has just been hidden.
    if (!this.#last) setTimeout(() => this.#last ?? (signal.aborted || void this.#look()), HEARSAY_MS);
  };

  async #lead(signal: AbortSignal): Promise<void> {
    this.#isLeading = true;
    for (let failures = 0; !signal.aborted;) {
      await this.#look();
      failures = this.#last?.refusal ? failures + 1 : 0;
      await pause(Math.min(BACKOFF_MAX_MS, LOOK_EVERY_MS * 2 ** Math.max(0, failures - 1)), signal);
    }
    this.#isLeading = false;
  }

  async #look(): Promise<void> {
    const look: Look = { marker: undefined, skewMs: this.#last?.skewMs ?? 0, refusal: undefined };
    try {
      const { marker, as_of } = await ask<{ marker: string; as_of: string }>("GET", "/v1/marker");
      look.marker = marker;
      look.skewMs = Date.parse(as_of) - Date.now();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      look.refusal = { status: error.status, code: error.code, detail: error.message };
    }
    this.#take(look);
    this.#tabs.say({ type: "look", look });
  }

  #take(look: Look): void {
    this.#last = look;
    this.#seen(look);
  }
}

/** Resolves after so many ms, or once aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
