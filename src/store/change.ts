import type { Entry, Kind, Past, Ref } from "../core/entry.ts";
import type { Decision } from "../core/decision.ts";
import { Problem } from "../core/problem.ts";
import type { Change, Snapshot, Store } from "./store.ts";

// In every round at least one writer of an entry succeeds, so this many rounds are enough for as many writers at once.
const ROUNDS_MAX = 24;

/**
 * Read, decide, commit: asks `decide` about each snapshot and commits what it decides. Where another writer committed first,
 * asks again about the entry as it is now. Each entry at most once per call.
 *
 * @returns per entry what was decided, or the Problem `store_contended` if other writers were first 24 times in a row
 * @throws {Problem} `store_unavailable`
 */
export async function change<R, K extends Kind>(
  store: Store,
  snapshots: readonly Snapshot<K>[],
  decide: (
    entry: Entry<K> | undefined,
    index: number,
    past: Past,
  ) => Decision<R, K> | Promise<Decision<R, K>>,
  now: number,
): Promise<(R | Problem)[]> {
  const results: (R | Problem)[] = [];
  let pending = snapshots.map((before, index) => ({ before, index }));
  for (let round = 0; pending.length > 0; round += 1) {
    if (round === ROUNDS_MAX) {
      for (const { index } of pending) results[index] = contended();
      break;
    }
    const changes: (Change<K> & { index: number })[] = [];
    const decisions = await Promise.all(
      pending.map(async ({ before, index }) => decide(before.entry, index, before)),
    );
    for (const [i, { before, index }] of pending.entries()) {
      const { result, write } = decisions[i]!;
      results[index] = result;
      if (!write) continue;
      const { entry: after, ...rest } = write;
      changes.push({ before, after, ...rest, index });
    }
    const outcomes = changes.length > 0 ? await store.commit(changes, now) : [];
    pending = outcomes.flatMap((outcome, i) =>
      outcome === "committed" ? [] : [{ before: outcome, index: changes[i]!.index }],
    );
  }
  return results;
}

const contended = (): Problem =>
  new Problem(
    "store_contended",
    "Too many writers at once on this entry. Nothing was written of it: try again.",
  );

/** `change` for one entry, read first. */
export async function changeOne<R, K extends Kind>(
  store: Store,
  ref: Ref<K>,
  decide: (entry: Entry<K> | undefined, past: Past) => Decision<R, K>,
  now: number,
): Promise<R | Problem> {
  const snapshots = await store.read([ref], now);
  const [result] = await change(store, snapshots, (entry, _, past) => decide(entry, past), now);
  return result!;
}
