import type { Entry, Kind, Ref } from "../core/entry.ts";
import { Problem } from "../core/problem.ts";
import type { Store } from "../store/store.ts";

/** @throws {Problem} `internal` when what is stored under the id is no document: that is not the same as nothing */
export async function readOne<K extends Kind>(
  store: Store,
  ref: Ref<K>,
  now: number,
): Promise<Entry<K> | undefined> {
  const [snapshot] = await store.read([ref], now);
  if (snapshot!.unreadable) throw new Problem("internal", "What is stored under this id cannot be read.");
  return snapshot!.entry;
}
