import type { Kind } from "../../core/entry.ts";
import { termsOf } from "../../core/kinds.ts";
import { LIMITED, type Limited, type Quota, quotaExceeded, usageChanges } from "../../core/limits.ts";
import type { Problem } from "../../core/problem.ts";
import type { Change } from "../store.ts";

const UNBOUNDED = -1;

/** ARGV[9] of lua/commit.lua: by how much a change changes what is counted, and what that may be at most. */
export function countsOf<K extends Kind>({ before: { ref, entry }, after, quota }: Change<K>): string {
  const [was, is] = [entry?.document, after?.document];
  // One entry's document is most often the same object, so that nothing has to be compared.
  if (was === is) return "";
  const owner = is?.owner ?? null;
  const most = (whose: string | null, what: Limited): number => {
    if (whose === null) return quota?.namespace[what] ?? UNBOUNDED;
    return whose === owner ? (quota?.key[what] ?? UNBOUNDED) : UNBOUNDED;
  };
  const counts = usageChanges(ref.kind, was, is).map((change) => [
    `${change.what}:${change.owner ?? ""}`,
    change.by,
    most(change.owner, change.what),
  ]);
  const namesNone = !is || termsOf(ref.kind, is).length === 0;
  if (counts.length === 0 && namesNone) return "";
  return JSON.stringify([counts, most(null, "terms"), owner ?? "", most(owner, "terms")]);
}

/** What lua/commit.lua answers instead of a count beyond its bound. */
export function refusalOf([field, count]: [string, number], quota: Quota | undefined): Problem {
  const at = field.indexOf(":");
  const [what, owner] = [field.slice(0, at), field.slice(at + 1)];
  const limit = LIMITED.find((name) => name === what)!;
  const most = (owner === "" ? quota?.namespace : quota?.key)?.[limit] ?? 0;
  return quotaExceeded(limit, owner === "" ? null : owner, count, most);
}
