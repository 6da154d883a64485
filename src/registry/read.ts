import type { Entry, Kind, Ref } from "../core/entry.ts";
import { Problem } from "../core/problem.ts";
import type { Snapshot, Store } from "../store/store.ts";

/** @throws {Problem} `internal` when what is stored under the id is no document: that is not the same as nothing */
export async function readSnapshot<K extends Kind>(
  store: Store,
  ref: Ref<K>,
  now: number,
): Promise<Snapshot<K>> {
  const [snapshot] = await store.read([ref], now);
  if (snapshot!.unreadable) throw new Problem("internal", "What is stored under this id cannot be read.");
  return snapshot!;
}

/** @throws {Problem} as `readSnapshot` does */
export async function readOne<K extends Kind>(
  store: Store,
  ref: Ref<K>,
  now: number,
): Promise<Entry<K> | undefined> {
  return (await readSnapshot(store, ref, now)).entry;
}
