import type { Entry } from "../core/entry.ts";
import { Problem } from "../core/problem.ts";
import type { Store } from "../store/store.ts";

/** @throws {Problem} `internal` when what is stored under the id is no document: that is not the same as nothing */
export async function readOne(store: Store, id: string, now: number): Promise<Entry | undefined> {
  const [snapshot] = await store.read([{ kind: "agent", id }], now);
  if (snapshot!.unreadable) throw new Problem("internal", "What is stored under this id cannot be read.");
  return snapshot!.entry;
}
