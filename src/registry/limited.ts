import type { Cause } from "../cause.ts";
import { termsOf } from "../core/kinds.ts";
import { limitsWith, type Quota, quotaExceeded } from "../core/limits.ts";
import { Problem } from "../core/problem.ts";
import type { Change, Outcome, Store } from "../store/store.ts";
import type { Kind } from "../core/entry.ts";

/**
 * What the entries of an owner may be. A key's own limits are known where it acts itself; where another changes its entries, they
 * are bounded as every key's are.
 *
 * @param owner  the key's name; null under open access, where there is nobody else
 */
export function quotaOf(limits: Quota, owner: string | null, { actor, limits: own }: Cause): Quota {
  if (owner === null) return { ...limits, key: limits.namespace };
  return own && actor.name === owner ? { ...limits, key: limitsWith(limits.key, own) } : limits;
}

/**
 * The store, with a bound for whatever is committed: a change that would bring a count beyond what the namespace, or the entry's
 * owner, may have is refused with `quota_exceeded`, and nothing of it is written. What only shrinks is never refused.
 *
 * @param quotaOfOwner  by the name of the key that owns an entry; null under open access
 * @param reached       is told of each refusal, with whose entry it is
 */
export function limited(
  store: Store,
  quotaOfOwner: (owner: string | null) => Quota,
  reached: (refusal: Problem, owner: string | null, now: number) => Promise<void>,
): Store {
  return {
    ...store,
    async commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      const checked = changes.map((change): Change<K> | Problem => {
        const { before, after } = change;
        if (!after || after.document === before.entry?.document) return change;
        const { owner } = after.document;
        const quota = quotaOfOwner(owner);
        const count = termsOf(before.ref.kind, after.document).length;
        const { entry_terms: max } = quota.key;
        return count > max ? quotaExceeded("entry_terms", owner, count, max) : { ...change, quota };
      });
      const outcomes = await store.commit(checked.filter(isChange), now);
      const all = checked.map((change): Outcome<K> => (isChange(change) ? outcomes.shift()! : change));
      await Promise.all(
        all.map(async (outcome, i) => {
          if (outcome instanceof Problem)
            await reached(outcome, changes[i]!.after?.document.owner ?? null, now);
        }),
      );
      return all;
    },
  };
}

const isChange = <K extends Kind>(change: Change<K> | Problem): change is Change<K> => "before" in change;
