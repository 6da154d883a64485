import type { Ref } from "../../core/entry.ts";
import { chunks } from "../chunks.ts";
import type { Store } from "../store.ts";

/** How many one sweep brings home. */
const STRAYS_MAX = 5000;
const MOVED_AT_ONCE = 100;

/** Agents on shards where their ids no longer live, since a shard was added or removed: a roll comes upon them. */
export class Strays {
  readonly #home: Pick<Store, "read" | "commit">;
  /** By the store that they are in. */
  #found = new Map<Store, Set<string>>();
  #count = 0;
  #now = 0;

  /** @param home  the shards as one store, in which each id is found where it lives */
  constructor(home: Pick<Store, "read" | "commit">) {
    this.#home = home;
  }

  /** @param now  by which their leases will be judged */
  note(store: Store, ids: readonly string[], now: number): void {
    this.#now = now;
    const known = this.#found.get(store) ?? new Set();
    this.#found.set(store, known);
    for (const id of ids.slice(0, STRAYS_MAX - this.#count)) known.add(id);
    this.#count = [...this.#found.values()].reduce((count, { size }) => count + size, 0);
  }

  /**
   * Moves those that were noted to where they live, with their leases, and forgets about them. An agent that has registered
   * there meanwhile, or was unregistered there, is not brought back.
   *
   * @returns how many have left a shard that was not theirs
   */
  async bringHome(): Promise<number> {
    const [found, now] = [this.#found, this.#now];
    [this.#found, this.#count] = [new Map(), 0];
    let moved = 0;
    for (const [store, ids] of found)
      for (const some of chunks([...ids], MOVED_AT_ONCE)) moved += await this.#move(store, some, now);
    return moved;
  }

  async #move(store: Store, ids: readonly string[], now: number): Promise<number> {
    const refs = ids.map((id): Ref => ({ kind: "agent", id }));
    const [strays, atHome] = await Promise.all([store.read(refs, now), this.#home.read(refs, now)]);
    const arrivals = strays.flatMap(({ entry }, i) => {
      const before = atHome[i]!;
      return entry && !before.entry && before.ended === undefined ? [{ before, after: entry }] : [];
    });
    await this.#home.commit(arrivals, now);
    const departures = strays.filter(({ entry }) => entry).map((before) => ({ before, after: undefined }));
    const outcomes = await store.commit(departures, now);
    return outcomes.filter((outcome) => outcome === "committed").length;
  }
}
