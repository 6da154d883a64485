// For programs whose TypeScript does not know `await using` yet.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Clock } from "./clock.ts";
import type { Lease } from "./lease.ts";
import { RollcallError } from "./problem.ts";
import { onSignal } from "./signals.ts";

export interface LifecycleOptions {
  /** Leaves when it is aborted. While it is not registered yet, the returned promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long to try to register before giving up, ms (30,000). Once registered, it retries without limit. */
  patienceMs?: number;
  /** The process signals on which to leave (`["SIGTERM", "SIGINT"]`). Without effect where there is no `process`. */
  leaveOn?: readonly string[];
}

/**
 * How it ended. `left`: this program left. `lease_lost`: another process registered under the same id or name, or
 * somebody unregistered it. `refused`: the
 * registry refuses in a way that no retry changes.
 */
export type Ending =
  | { reason: "left"; error?: never }
  | { reason: "lease_lost" | "refused"; error: RollcallError };

const PATIENCE_MS = 30_000;
const LEAVE_ON = ["SIGTERM", "SIGINT"] as const;

/** An entry that this process keeps registered, from `begin` until it leaves or loses it. It ends once. */
export abstract class Lifecycle implements AsyncDisposable {
  readonly ended: Promise<Ending>;
  protected readonly clock: Clock;
  protected readonly lease: Lease;
  /** The last error; `begin` rejects with it when the patience is over. */
  protected failure: RollcallError | undefined;
  #resolveEnded: (ending: Ending) => void = () => {};
  #resolveReady: () => void = () => {};
  readonly #ready: Promise<undefined>;
  readonly #leaving = new AbortController();
  #stopListening: (() => void)[] = [];
  #left: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(clock: Clock, lease: Lease) {
    this.clock = clock;
    this.lease = lease;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#ready = new Promise((resolve) => (this.#resolveReady = () => resolve(undefined)));
  }

  /** Keeps the entry registered until `leaving` is aborted or `finish` is called. Never rejects. */
  protected abstract run(): Promise<void>;

  /** What is left to do after `run` when this program leaves. Never rejects. */
  protected abstract depart(): Promise<void>;

  /** Aborted as soon as this program is to leave. */
  protected get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  get leaseToken(): string | undefined {
    return this.lease.token;
  }

  /**
   * Starts `run`, and resolves when it has called `ready`.
   *
   * @throws {RollcallError} if it ended before that, or `patienceMs` passed; or the signal's reason
   */
  async begin(options: LifecycleOptions): Promise<void> {
    const { signal, patienceMs = PATIENCE_MS, leaveOn = LEAVE_ON } = options;
    signal?.throwIfAborted();
    const leave = () => void this.leave();
    signal?.addEventListener("abort", leave);
    this.#stopListening = [
      () => signal?.removeEventListener("abort", leave),
      ...leaveOn.map((name) => onSignal(name, () => this.leave())),
    ];
    const timer = this.clock.setTimeout(leave, patienceMs);
    this.#running = this.run();
    const ending = await Promise.race([this.#ready, this.ended]);
    this.clock.clearTimeout(timer);
    if (!ending) return;
    signal?.throwIfAborted();
    throw ending.error ?? this.failure ?? new RollcallError("timeout", "Left before it was registered.");
  }

  protected ready(): void {
    if (!this.leaving.aborted) this.#resolveReady();
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    const ending = await Promise.race([this.#running.then(() => undefined), this.ended]);
    if (ending) return;
    await this.depart();
    this.finish({ reason: "left" });
  }

  /** Ends it because of an error that no retry changes. */
  protected fail(error: RollcallError): void {
    this.finish({ reason: error.code === "lease_lost" ? "lease_lost" : "refused", error });
  }

  protected finish(ending: Ending): void {
    for (const stop of this.#stopListening) stop();
    this.#resolveEnded(ending);
  }
}
