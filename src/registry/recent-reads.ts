import { type Entry, isLive } from "../core/entry.ts";
import { Lru } from "../core/lru.ts";
import { isStoreOut } from "../core/problem.ts";
import type { Draw, Page, PageQuery, SampleQuery } from "../store/store.ts";
import { currentSync } from "../sync.ts";

/** Characters of documents as JSON: what one namespace keeps in all. */
const CHARS_MAX = 5_000_000;
/** How long a request waits for another's read of the same, ms; then it reads itself. */
const WAIT_MS = 300;

/** What is asked of a store to find agents. */
export interface AgentSearch {
  sample(query: SampleQuery, now: number): Promise<Draw>;
  page(query: PageQuery, now: number): Promise<Page>;
}

/** How old what is read may be, ms; 0: it is read now. */
export interface Allowance {
  maxStaleMs: number;
  /** The same where the store is out. */
  staleIfErrorMs: number;
}

/** The searches of one request. */
export interface Reads {
  store: AgentSearch;
  /** When the oldest of what was found so far was read, ms since the Unix epoch. */
  asOf: () => number;
  /** Whether some of it is older than `maxStaleMs`, because the store is out. */
  isStale: () => boolean;
}

/** @param now  when its request came, ms since the Unix epoch */
export const readsNow = (store: AgentSearch, now: number): Reads => ({
  store,
  asOf: () => now,
  isStale: () => false,
});

/** Entries that were drawn under the same terms, for every request to draw from. */
interface Pool {
  entries: Entry[];
  total: number;
  /** Whether these are all that there are. */
  isWhole: boolean;
  more: Draw["more"];
}

interface Kept<V> {
  value: V;
  /** ms since the Unix epoch */
  readAt: number;
}

/**
 * What one isolate last read of a namespace, for requests that allow it to be a little old. Entries are kept, not answers:
 * every request draws, filters and orders anew, or all those of one second would get the same few.
 *
 * Where several ask the same at once, one reads and the others wait for what it finds, each beside a pause of its own: workerd
 * stops a request that has only another's promise to wait for.
 */
export class RecentReads {
  readonly #store: AgentSearch;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #kept = new Lru<Kept<unknown>>(CHARS_MAX);
  /** Each resolves once a read that is under way has ended, well or not. */
  readonly #reading = new Map<string, Promise<void>>();

  /** @param pause  resolves after so many ms */
  constructor(store: AgentSearch, pause: (ms: number) => Promise<void>) {
    this.#store = store;
    this.#pause = pause;
  }

  /** @param now  when the request came, ms since the Unix epoch */
  readsFor(allowance: Allowance, now: number): Reads {
    const { staleIfErrorMs } = allowance;
    // What was read before may lack what the caller has to see.
    const maxStaleMs = currentSync()?.isAsked ? 0 : allowance.maxStaleMs;
    if (maxStaleMs === 0 && staleIfErrorMs === 0) return readsNow(this.#store, now);
    let [asOf, isStale] = [now, false];

    const find = async <V extends { entries: Entry[] }>(key: string, read: () => Promise<V>): Promise<V> => {
      const fresh = () => this.#find<V>(key, maxStaleMs, now);
      let known = maxStaleMs > 0 ? fresh() : undefined;
      const others = maxStaleMs > 0 && !known && this.#reading.get(key);
      if (others) {
        await Promise.race([others, this.#pause(WAIT_MS)]);
        known = fresh();
      }
      try {
        const kept = known ?? (await this.#read(key, now, read));
        asOf = Math.min(asOf, kept.readAt);
        return kept.value;
      } catch (error) {
        const last = isStoreOut(error) ? this.#find<V>(key, staleIfErrorMs, now) : undefined;
        if (!last) throw error;
        isStale = true;
        asOf = Math.min(asOf, last.readAt);
        return last.value;
      }
    };

    const store: AgentSearch = {
      sample: async (query) => {
        const { terms, exhaustive } = query;
        const key = JSON.stringify(["sample", terms, exhaustive]);
        const pool = await find(key, () => drawPool(this.#store, query, now));
        const grow = async (size: number) => {
          try {
            await enlarge(pool, size);
            this.#reweigh(key, pool);
          } catch (error) {
            // It goes on with part of the candidates, which are of now.
            if (staleIfErrorMs === 0 || !isStoreOut(error)) throw error;
            isStale = true;
          }
        };
        return drawFrom(pool, query.size, grow, now);
      },
      page: async (query) => {
        const { terms, after, limit, chars } = query;
        const key = JSON.stringify(["page", terms, after, limit, chars]);
        const { entries, ...rest } = await find(key, () => this.#store.page(query, now));
        return { entries: entries.map((entry) => asAt(entry, now)), ...rest };
      },
    };
    return { store, asOf: () => asOf, isStale: () => isStale };
  }

  #find<V>(key: string, ageMsMax: number, now: number): Kept<V> | undefined {
    const kept = this.#kept.get(key) as Kept<V> | undefined;
    return kept && now - kept.readAt <= ageMsMax ? kept : undefined;
  }

  async #read<V extends { entries: Entry[] }>(
    key: string,
    now: number,
    read: () => Promise<V>,
  ): Promise<Kept<V>> {
    const reading = read();
    // Others only wait for its end: how it fails is for whoever made it.
    const ended = reading.then(
      () => undefined,
      () => undefined,
    );
    this.#reading.set(key, ended);
    try {
      const kept = { value: await reading, readAt: now };
      this.#kept.set(key, kept, charsOf(kept.value));
      return kept;
    } finally {
      if (this.#reading.get(key) === ended) this.#reading.delete(key);
    }
  }

  #reweigh(key: string, pool: Pool): void {
    const kept = this.#kept.get(key);
    if (kept?.value === pool) this.#kept.set(key, kept, charsOf(pool));
  }
}

/** Draws as many as would all be drawn, so that requests draw different ones of them. */
async function drawPool(store: AgentSearch, query: SampleQuery, now: number): Promise<Pool> {
  const size = Math.max(query.size, query.exhaustive);
  const draw = await store.sample({ ...query, size }, now);
  const { total } = draw;
  return { ...(await drawOn(draw, size)), total, isWhole: total <= query.exhaustive };
}

/** Draws `size` more into the pool. */
async function enlarge(pool: Pool, size: number): Promise<void> {
  const { entries, more } = await drawOn(await pool.more(size), size);
  // Another request may have drawn some of them meanwhile.
  const known = new Set(pool.entries.map(idOf));
  pool.entries = [...pool.entries, ...entries.filter((entry) => !known.has(idOf(entry)))];
  pool.more = more;
}

/** Draws until there are `size`, or no more: an answer of the store has a size limit. */
async function drawOn(draw: Draw, size: number): Promise<Pick<Draw, "entries" | "more">> {
  let [last, { entries }] = [draw, draw];
  const missing = () => Math.min(size, draw.total) - entries.length - last.unread;
  while (last.unread > 0 || (missing() > 0 && last.entries.length > 0)) {
    last = await last.more(Math.max(0, missing()));
    entries = [...entries, ...last.entries];
  }
  return { entries, more: last.more };
}

/** @param grow  enlarges the pool by so many, if it can */
function drawFrom(pool: Pool, size: number, grow: (size: number) => Promise<void>, now: number): Draw {
  const taken: Entry[] = [];
  const take = (from: readonly Entry[], wanted: number): Draw => {
    const drawn = pick(from, wanted);
    taken.push(...drawn);
    const entries = drawn.map((entry) => asAt(entry, now));
    return { entries, total: pool.total, unread: 0, more };
  };
  async function more(wanted: number): Promise<Draw> {
    const missing = wanted - (pool.entries.length - taken.length);
    if (missing > 0 && !pool.isWhole) await grow(missing);
    const seen = new Set(taken.map(idOf));
    return take(
      pool.entries.filter((entry) => !seen.has(idOf(entry))),
      wanted,
    );
  }
  return take(pool.entries, pool.isWhole ? pool.entries.length : size);
}

/** A lease may have ended since it was read. */
const asAt = (entry: Entry, now: number): Entry =>
  isLive(entry) && entry.lease.expiresAt !== null && entry.lease.expiresAt < now
    ? { ...entry, lease: null }
    : entry;

const idOf = ({ document }: Entry): string => document.registration.id;

const charsOf = ({ entries }: { entries: Entry[] }): number => JSON.stringify(entries).length;

/** So many of them at random, or all. */
function pick<T>(values: readonly T[], wanted: number): readonly T[] {
  if (wanted >= values.length) return values;
  const rest = [...values];
  for (let i = 0; i < wanted; i += 1) {
    const j = i + Math.floor(Math.random() * (rest.length - i));
    [rest[i], rest[j]] = [rest[j]!, rest[i]!];
  }
  return rest.slice(0, wanted);
}
