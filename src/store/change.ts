import type { Entry, Kind, Past, Ref } from "../core/entry.ts";
import type { Decision } from "../core/decision.ts";
import { Problem } from "../core/problem.ts";
import type { Change, Snapshot, Store } from "./store.ts";

// In every round at least one writer of an entry succeeds, so this many rounds are enough for as many writers at once.
const ROUNDS_MAX = 24;

/**
 * Read, decide, commit: asks `decide` about each snapshot and commits what it decides. Where another writer committed first,
 * asks again about the entry as it is now. So it does where nothing is to be written of an entry that a copy has shown which
 * may be behind: only a commit proves that it is still so. Each entry at most once per call.
 *
 * @returns per entry what was decided, or the Problem `quota_exceeded`, or `store_contended` if other writers were first 24 times
 *   in a row
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
    const overtaken = outcomes.flatMap((outcome, i) => {
      const { index } = changes[i]!;
      if (outcome instanceof Problem) results[index] = outcome;
      return outcome === "committed" || outcome instanceof Problem ? [] : [{ before: outcome, index }];
    });
    const unproven = pending.filter(({ before }, i) => before.mayBeBehind && !decisions[i]!.write);
    pending = unproven.length === 0 ? overtaken : [...overtaken, ...(await readAnew(store, unproven, now))];
  }
  return results;
}

async function readAnew<K extends Kind>(
  store: Store,
  unproven: readonly { before: Snapshot<K>; index: number }[],
  now: number,
): Promise<{ before: Snapshot<K>; index: number }[]> {
  const refs = unproven.map(({ before }) => before.ref);
  const snapshots = await store.read(refs, now);
  return unproven.map(({ index }, i) => ({ before: snapshots[i]!, index }));
}

const contended = (): Problem =>
  new Problem(
    "store_contended",
    "Too many writers at once on this entry. Nothing was written of it: try again.",
  );

/** `change` for one entry, read first, from the nearest copy where there is one. */
export async function changeOne<R, K extends Kind>(
  store: Store,
  ref: Ref<K>,
  decide: (entry: Entry<K> | undefined, past: Past) => Decision<R, K>,
  now: number,
): Promise<R | Problem> {
  const snapshots = await store.read([ref], now, { near: true });
  const [result] = await change(store, snapshots, (entry, _, past) => decide(entry, past), now);
  return result!;
}
