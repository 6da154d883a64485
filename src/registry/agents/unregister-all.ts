import { decideRemoval } from "../../core/agents/removal.ts";
import type { Asker } from "../../core/authority.ts";
import type { Ref } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import { change } from "../../store/change.ts";
import { chunks } from "../../store/chunks.ts";
import type { Namespace } from "../namespace.ts";
import { justBefore } from "./prefix.ts";

/** How many ids one request looks at. */
const IDS_MAX = 1000;
/** Entries are read whole, and may have 32 KiB each. */
const REMOVED_AT_ONCE = 500;

export interface PrefixRemoval {
  /** Of ids; the beginning of an id is itself one. */
  prefix: string;
  /** The id to go on after, which has the prefix; undefined: from the beginning. */
  after: string | undefined;
  /** Only tell which there are. */
  dryRun: boolean;
}

export interface PrefixRemoved {
  /** Removed, or to be removed; in order. Lapsed ones too. */
  ids: string[];
  /** `store_contended`: still there. */
  failed: { id: string; problem: Problem }[];
  /** The id to go on after; null at the end. */
  next: string | null;
}

/**
 * Unregisters the agents whose ids begin with `prefix`, up to 1,000. Two round trips find them, and one reads 120 of them or
 * more, whatever else the registry holds; then it costs what unregistering each costs.
 *
 * @param asker  an admin
 * @throws {Problem} `store_unavailable`; what was removed until then is gone, and another call goes on
 */
export async function unregisterAll(
  { store }: Namespace,
  asker: Asker,
  { prefix, after = justBefore(prefix), dryRun }: PrefixRemoval,
  now: number,
): Promise<PrefixRemoved> {
  const page = await store.roll({ kind: "agent", after, limit: IDS_MAX }, now);
  const found = [...new Set(page.calls.map(({ id }) => id))].filter((id) => id.startsWith(prefix));
  const isAtEnd = page.next === null || !page.next.startsWith(prefix);
  const removed: PrefixRemoved = { ids: [], failed: [], next: isAtEnd ? null : page.next };
  for (const batch of chunks(found, REMOVED_AT_ONCE)) {
    const snapshots = await store.read(
      batch.map((id): Ref => ({ kind: "agent", id })),
      now,
    );
    // An index member may have outlived its document.
    const there = snapshots.filter(({ entry }) => entry !== undefined);
    const results = dryRun
      ? there.map(() => undefined)
      : await change(
          store,
          there,
          (entry, index) => {
            const removal = { id: there[index]!.ref.id, asker, fence: undefined, ownerSuffices: false };
            return decideRemoval(entry, removal, now);
          },
          now,
        );
    for (const [index, { ref }] of there.entries()) {
      const result = results[index];
      if (!(result instanceof Problem)) removed.ids.push(ref.id);
      else if (result.code === "store_contended") removed.failed.push({ id: ref.id, problem: result });
    }
  }
  return removed;
}
