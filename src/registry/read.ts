import type { Entry, Kind, Ref } from "../core/entry.ts";
import { Problem } from "../core/problem.ts";
import type { Snapshot, Store } from "../store/store.ts";

/**
 * The current entry, lapsed or not; undefined where there is none.
 *
 * @param near  a copy may answer that is behind, and show what was replaced since; that there is no entry the primary says
 * @throws {Problem} `internal` for a document that cannot be read, `store_unavailable`
 */
export async function readOne<K extends Kind>(
  store: Store,
  ref: Ref<K>,
  now: number,
  near = false,
): Promise<Entry<K> | undefined> {
  const [snapshot] = await store.read([ref], now, { near });
  const { entry, mayBeBehind } = readable(snapshot!);
  return !entry && mayBeBehind ? readOne(store, ref, now) : entry;
}

/** @throws {Problem} `internal` for a document that cannot be read: an unreadable entry is not a missing one */
export function readable<K extends Kind>(snapshot: Snapshot<K>): Snapshot<K> {
  if (snapshot.unreadable) throw new Problem("internal", "What is stored under this id cannot be read.");
  return snapshot;
}
