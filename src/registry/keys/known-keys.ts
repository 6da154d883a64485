import { hasEnded, type StoredKey } from "../../core/api-key.ts";
import { Lru } from "../../core/lru.ts";
import { isStoreOut } from "../../core/problem.ts";
import type { Keyring } from "../../store/keyring.ts";

/** For how long an isolate believes what it has seen of a key, ms. */
const BELIEVED_MS = 30_000;
/** Who asks for a key that was seen so long ago looks again, ms: in time for the others, who go on believing meanwhile. */
const LOOK_AGAIN_MS = 25_000;
/** How long after one look began another may, unless it succeeded, ms. */
const NEXT_LOOK_MS = 5000;
/** For how long it believes that there is no such key, ms: one that was just made works soon everywhere. */
const ABSENT_BELIEVED_MS = 2000;
/** More than a namespace has. */
const KNOWN_MAX = 4000;
/** Their own: guesses must not push out keys that are in use. */
const ABSENT_MAX = 1000;

interface Seen {
  key: StoredKey;
  /** When the look began that saw it. */
  at: number;
  /** When another look began. */
  lookedAt?: number;
}

/** The keys of one namespace as one isolate knows them. Instants are ms since the Unix epoch. */
export class KnownKeys {
  readonly #store: Pick<Keyring, "findKeys">;
  readonly #seen = new Lru<Seen>(KNOWN_MAX);
  readonly #absent = new Lru<{ at: number }>(ABSENT_MAX);

  constructor(store: Pick<Keyring, "findKeys">) {
    this.#store = store;
  }

  /**
   * A key that lasts. What was seen at most `ageMs` ago is believed; while the store does not answer, at most 30 s ago.
   *
   * @returns undefined: there is none, or it has ended
   * @throws {Problem} `store_unavailable` where nothing is believed
   */
  async find(id: string, now: number, ageMs = BELIEVED_MS): Promise<StoredKey | undefined> {
    const seen = this.#seen.get(id);
    if (!(seen && isFresh(seen, now, ageMs)) && !this.#isAbsent(id, now)) await this.#look(id, now);
    const key = this.#seen.get(id)?.key;
    return key && !hasEnded(key, now) ? key : undefined;
  }

  /** It was revoked, or changed, by this isolate. */
  forget(id: string): void {
    this.#seen.delete(id);
    this.#absent.delete(id);
  }

  async #look(id: string, now: number): Promise<void> {
    const seen = this.#seen.get(id);
    if (seen) seen.lookedAt = now;
    try {
      const [key] = await this.#store.findKeys([id], now);
      this.forget(id);
      if (key) this.#seen.set(id, { key, at: now }, 1);
      else this.#absent.set(id, { at: now }, 1);
    } catch (error) {
      if (!seen || !isStoreOut(error) || now - seen.at >= BELIEVED_MS) throw error;
    }
  }

  #isAbsent(id: string, now: number): boolean {
    const absent = this.#absent.get(id);
    return absent !== undefined && now - absent.at < ABSENT_BELIEVED_MS;
  }
}

function isFresh({ at, lookedAt = -Infinity }: Seen, now: number, ageMs: number): boolean {
  const age = now - at;
  if (age < Math.min(ageMs, LOOK_AGAIN_MS)) return true;
  return now - lookedAt < NEXT_LOOK_MS && age < BELIEVED_MS;
}
