import type { Document, Entry, Kind, Ref } from "../../core/entry.ts";
import { hasTerm, termsOf } from "../../core/kinds.ts";
import type { Database } from "./database.ts";
import { readDocument, readLease } from "./decode.ts";
import { commitCall, emptyPlan, readEntries } from "./entries.ts";
import { fieldOf, memberOf, membersOf, parseMember } from "./keys.ts";

/** How many ids one answer heals: it does not wait for more, and the next reader and the sweep heal the others. */
const HEALED_PER_ANSWER_MAX = 100;

/** What lua/include/fetch.lua returns of each member: member, stamp, document, lease, directive. */
const FIELDS_FETCHED = 5;

export interface Verified<K extends Kind> {
  entries: Entry<K>[];
  /** Ids whose documents did not come, but only stamps that this isolate has no document of. */
  unknown: Set<string>;
  /** Whether there were documents, and this isolate had every one of them cached. */
  allCached: boolean;
}

/**
 * Reads what lua/include/fetch.lua returns. Only documents count, not the index: members without a document that matches
 * are left out, and removed from the indexes of `terms`.
 *
 * @param keep  whether documents that come with a stamp are cached
 */
export async function verify<K extends Kind>(
  database: Database,
  kind: K,
  terms: readonly string[],
  flat: readonly (string | null)[],
  keep: boolean,
): Promise<Verified<K>> {
  const { documents } = database;
  const entries: Entry<K>[] = [];
  const staleMembers: Ref<K>[] = [];
  const unknown = new Set<string>();
  let allCached = flat.length > 0;
  for (let i = 0; i < flat.length; i += FIELDS_FETCHED) {
    const [member, stamp, json] = [flat[i]!, flat[i + 1], flat[i + 2]];
    const { id, fence } = parseMember(member);
    const matches = (document: Document<K> | undefined): document is Document<K> =>
      document?.fence === fence && terms.every((term) => hasTerm(kind, document, term));

    let document = stamp ? documents.get(kind, stamp) : undefined;
    // A cached document may be outdated for this member; only the stored one decides that the member is stale.
    if (!matches(document)) {
      if (stamp || json) allCached = false;
      if (stamp && !json) {
        unknown.add(id);
        continue;
      }
      document = readDocument(kind, json);
      // Another program wrote it: the entry is left out and its member stays, so that it hides no other entry.
      if (json && !document) continue;
      if (document && json && stamp && keep) documents.keep(kind, stamp, document, json);
      if (!matches(document)) {
        staleMembers.push({ kind, id });
        continue;
      }
    }
    // The ledger is not read here: only the sweep needs it, and reads whole entries.
    const lease = readLease(kind, flat[i + 3]);
    entries.push({ document, lease, draining: flat[i + 4] !== null, mark: null });
  }
  // An id can stand under two members (old and new fence): if the current one was read, it is not unknown.
  for (const { document } of entries) unknown.delete(document.registration.id);
  if (staleMembers.length > 0) {
    // The answer is right without it; the next reader tries again.
    await removeStaleMembers(database, terms, staleMembers.slice(0, HEALED_PER_ANSWER_MAX)).catch(
      () => undefined,
    );
  }
  return { entries, unknown, allCached };
}

/**
 * Removes from the indexes of `terms` the members of these ids that the stored document does not match, and the leases of
 * registrations that have no document: the holder's next heartbeat fails, and it registers anew.
 */
async function removeStaleMembers<K extends Kind>(
  database: Database,
  terms: readonly string[],
  refs: readonly Ref<K>[],
): Promise<void> {
  const { connection, keys } = database;
  const { snapshots } = await readEntries(database, refs);
  const members = (await connection.read(
    "heal",
    refs.flatMap(({ id }) => terms.map((term) => ["ZRANGEBYLEX", keys.index(term), ...membersOf(id)])),
  )) as string[][];
  const calls = snapshots.map((snapshot, s) => {
    const { ref, entry } = snapshot;
    const plan = emptyPlan();
    if (!entry) plan.add("HDEL", keys.stamps, fieldOf(ref));
    const ownTerms = entry ? termsOf(ref.kind, entry.document) : [];
    for (const [t, term] of terms.entries()) {
      const current = entry && ownTerms.includes(term) && memberOf(ref.id, entry.document.fence);
      for (const member of members[s * terms.length + t]!) {
        if (member === current) continue;
        plan.add("ZREM", keys.index(term), member);
        const { fence } = parseMember(member);
        if (fence !== entry?.document.fence) plan.add("DEL", keys.lease(ref, fence));
      }
      plan.add("UNNAME", keys.index(term), term);
    }
    return commitCall(database, snapshot, plan);
  });
  await connection.write("heal", calls);
}
