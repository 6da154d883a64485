import { Lru } from "../core/lru.ts";
import type { Event } from "../core/event.ts";

/** How many subjects an isolate keeps apart. */
const SUBJECTS_MAX = 1000;

interface Noted {
  /** How often it happened since it was told last. */
  count: number;
  /** When it was told last. */
  toldAt: number;
  event: (count: number) => Event;
}

/**
 * Tells of what may happen very often at most once in a while, with how often it happened here since then. What could not be
 * told counts on; the count of an isolate that ends is lost.
 */
export class Seldom {
  readonly #everyMs: number;
  readonly #tell: (events: readonly Event[]) => Promise<void>;
  readonly #noted = new Lru<Noted>(SUBJECTS_MAX);

  constructor(everyMs: number, tell: (events: readonly Event[]) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  /** @param event  what there is to tell of this subject, given how often it happened */
  async note(subject: string, event: (count: number) => Event, now: number): Promise<void> {
    const noted = this.#noted.get(subject) ?? { count: 0, toldAt: -Infinity, event };
    this.#noted.set(subject, noted, 1);
    noted.count += 1;
    noted.event = event;
    if (now - noted.toldAt >= this.#everyMs) await this.#tellOf(noted, now);
  }

  /** Tells what is due of one subject, though nothing happened now. */
  async flush(subject: string, now: number): Promise<void> {
    const noted = this.#noted.get(subject);
    if (noted && noted.count > 0 && now - noted.toldAt >= this.#everyMs) await this.#tellOf(noted, now);
  }

  async #tellOf(noted: Noted, now: number): Promise<void> {
    const { count, event, toldAt } = noted;
    // Before the history is asked: of those that come meanwhile none is to tell the same.
    Object.assign(noted, { count: 0, toldAt: now });
    try {
      await this.#tell([event(count)]);
    } catch {
      noted.count += count;
      noted.toldAt = Math.max(toldAt, now - this.#everyMs + RETRY_MS);
    }
  }
}

/** After how long what could not be told is tried again, ms: each try makes a caller wait. */
const RETRY_MS = 10_000;
