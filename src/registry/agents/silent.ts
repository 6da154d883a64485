import { decideSilent, isNewlySilent } from "../../core/agents/silence.ts";
import type { Ref } from "../../core/entry.ts";
import { change } from "../../store/change.ts";
import { chunks } from "../../store/chunks.ts";
import type { RollCall, RollPage, Store } from "../../store/store.ts";
import type { Namespace } from "../namespace.ts";

const PAGE_LEASES = 5000;
const MARKED_AT_ONCE = 500;
/** One run tells of at most so many; the page in which it is reached is still finished. */
const MARKED_MAX = 20_000;

export interface Silent {
  /** The ids newly told of, in order. */
  marked: string[];
  /** false: there may be more, and another run gives them. */
  complete: boolean;
}

/**
 * The agents that have been silent for strictly longer than `silentMs`, each once until it is heard again: the ledger has who
 * was told of, and of two runs at the same time one tells. Reads every lease, a round trip per 1,000 or fewer, and writes of
 * the newly silent alone.
 *
 * Of a run that fails, what it has told of already is given, since no later run would; with `complete: false`.
 *
 * @throws {Problem} `store_unavailable` or `store_full`, where it failed before it had told of anybody
 */
export async function tellSilent({ store }: Namespace, silentMs: number, now: number): Promise<Silent> {
  const marked: string[] = [];
  let after: string | null = "";
  try {
    do {
      const page: RollPage = await store.roll({ kind: "agent", after, limit: PAGE_LEASES }, now);
      const silent = page.calls.filter((call) => isNewlySilent(call, silentMs, now));
      for (const batch of chunks(silent, MARKED_AT_ONCE)) {
        marked.push(...(await markAll(store, batch, silentMs, now)));
      }
      after = page.next;
    } while (after !== null && marked.length < MARKED_MAX);
  } catch (failure) {
    if (marked.length === 0) throw failure;
    return { marked, complete: false };
  }
  return { marked, complete: after === null };
}

/** @returns the ids of those that are still silent now that they are read whole */
async function markAll(
  store: Store,
  silent: readonly RollCall[],
  silentMs: number,
  now: number,
): Promise<string[]> {
  const refs = silent.map(({ id }): Ref => ({ kind: "agent", id }));
  const snapshots = await store.read(refs, now);
  const told = await change(store, snapshots, (entry) => decideSilent(entry, silentMs, now), now);
  // One with too many writers at once is left to the next run.
  return silent.flatMap(({ id }, index) => (told[index] === true ? [id] : []));
}
