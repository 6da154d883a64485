/** An answer that is not of now, because there is none. */
export interface Stale {
  /** How long ago it was given, or what it says was read, ms. */
  ageMs: number;
  /** Why there is no answer of now. */
  error: Error;
}

/** What a read resolves to. */
export type Read<T> = T & {
  /** With `staleOk`: the registry cannot be reached and this is the last that it answered, or its store is out. */
  stale?: Stale | undefined;
};

interface Kept {
  json: string;
  /** ms since the Unix epoch */
  at: number;
}

const ANSWERS_MAX = 100;
/** Characters of JSON. */
const SIZE_MAX = 16_000_000;

/** The last answers, by what was asked. Those that were asked for least recently make room for others. */
export class AnswerCache {
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  /** @param now  ms since the Unix epoch */
  keep(asked: string, answer: unknown, now: number): void {
    this.#drop(asked);
    const json = JSON.stringify(answer);
    if (json.length > SIZE_MAX) return;
    this.#kept.set(asked, { json, at: now });
    this.#size += json.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= ANSWERS_MAX && this.#size <= SIZE_MAX) return;
      this.#drop(oldest);
    }
  }

  /** The answer that is kept, as the caller's own; undefined if there is none. */
  find<T>(asked: string, error: Error, now: number): Read<T> | undefined {
    const kept = this.#kept.get(asked);
    if (!kept) return undefined;
    const ageMs = Math.max(0, now - kept.at);
    return { ...(JSON.parse(kept.json) as T), stale: { ageMs, error } };
  }

  #drop(asked: string): void {
    this.#size -= this.#kept.get(asked)?.json.length ?? 0;
    this.#kept.delete(asked);
  }
}
