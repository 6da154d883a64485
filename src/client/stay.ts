// For programs that do not know of `await using` yet.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Clock } from "./clock.ts";
import { RollcallError } from "./problem.ts";
import { onSignal } from "./signals.ts";

export interface StayOptions {
  /** Leaves when it is aborted. */
  signal?: AbortSignal | undefined;
  /** How long to try to register before giving up, ms (30 s). Once registered, it never stops trying. */
  patienceMs?: number;
  /** Signals on which to leave (SIGTERM and SIGINT), where there is a process to get them. */
  leaveOn?: readonly string[];
}

/** How it ended: the program left, another process registered the name, or the registry refuses for good. */
export type Ending =
  | { reason: "left"; error?: never }
  | { reason: "lease_lost" | "refused"; error: RollcallError };

const PATIENCE_MS = 30_000;
const LEAVE_ON = ["SIGTERM", "SIGINT"] as const;

/** What lives on its own from when it is begun until it ends, which it does once: however often it is told to leave. */
export class Stay {
  /** Resolves when it ends, however it ends; never rejects. */
  readonly ended: Promise<Ending>;
  /** The last one. */
  failure: RollcallError | undefined;
  #resolveEnded: (ending: Ending) => void = () => {};
  #resolveBegun: () => void = () => {};
  readonly #begun: Promise<undefined>;
  readonly #leaving = new AbortController();
  #stopListening: (() => void)[] = [];
  #left: Promise<void> | undefined;
  #living: Promise<void> = Promise.resolve();
  readonly #depart: () => Promise<void>;

  /** @param depart  what is left to do once its life is over because it was told to leave; never rejects */
  constructor(depart: () => Promise<void>) {
    this.#depart = depart;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#begun = new Promise((resolve) => (this.#resolveBegun = () => resolve(undefined)));
  }

  /** Aborted as soon as it is told to leave. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /**
   * Begins `live`, which runs until `leaving` or `finish`, and never rejects. Resolves once `begun` was called.
   *
   * @throws {RollcallError} if it ended before, or `patienceMs` passed; or the signal's reason
   */
  async begin(clock: Clock, options: StayOptions, live: () => Promise<void>): Promise<void> {
    const { signal, patienceMs = PATIENCE_MS, leaveOn = LEAVE_ON } = options;
    signal?.throwIfAborted();
    const leave = () => void this.leave();
    signal?.addEventListener("abort", leave);
    this.#stopListening = [
      () => signal?.removeEventListener("abort", leave),
      ...leaveOn.map((name) => onSignal(name, () => this.leave())),
    ];
    const timer = clock.setTimeout(leave, patienceMs);
    this.#living = live();
    const ending = await Promise.race([this.#begun, this.ended]);
    clock.clearTimeout(timer);
    if (!ending) return;
    signal?.throwIfAborted();
    throw ending.error ?? this.failure ?? new RollcallError("timeout", "Left before it was registered.");
  }

  begun(): void {
    if (!this.leaving.aborted) this.#resolveBegun();
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    const over = await Promise.race([this.#living.then(() => undefined), this.ended]);
    if (over) return;
    await this.#depart();
    this.finish({ reason: "left" });
  }

  finish(ending: Ending): void {
    for (const stop of this.#stopListening) stop();
    this.#resolveEnded(ending);
  }
}
