import { backoffMs, type Clock } from "./clock.ts";

/** At least this long between two heartbeats, however often the agent's load changes. */
const REPORT_EVERY_MS = 1000;
/** A heartbeat is up to this share of its interval early, so that agents that started together spread out. It is never late. */
const JITTER = 0.1;

/** When an agent calls in next, counted from the last call-in: on a change after `earliestMs`, else after `latestMs`. */
export class Schedule {
  earliestMs = 0;
  latestMs = 0;
  readonly #clock: Clock;
  #intervalMs = Infinity;
  /** In a row. */
  #failures = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param intervalSeconds  what the registry asks for; null: no heartbeats, only changes
   * @param tookMs           how long the call-in took
   */
  succeeded(intervalSeconds: number | null, tookMs: number): void {
    this.#failures = 0;
    this.#intervalMs = intervalSeconds === null ? Infinity : intervalSeconds * 1000;
    this.latestMs = this.#intervalMs * (1 - JITTER * this.#clock.random()) - Math.max(0, tookMs);
    this.earliestMs = Math.min(REPORT_EVERY_MS, this.latestMs);
  }

  /** Retries ever less often, but not less often than the interval. */
  failed(retryAfterMs: number | undefined): void {
    this.#failures += 1;
    this.latestMs = backoffMs(this.#clock, this.#failures, this.#intervalMs, retryAfterMs);
    this.earliestMs = this.latestMs;
  }

  now(): void {
    this.latestMs = 0;
    this.earliestMs = 0;
  }
}
