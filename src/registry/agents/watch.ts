import { queryTerms } from "../../core/agents/discovery.ts";
import { type AgentRecord, agentRecord } from "../../core/agents/record.ts";
import { isLive } from "../../core/entry.ts";
import type { EventType } from "../../core/event.ts";
import { hasTerm } from "../../core/kinds.ts";
import type { EventCursor, EventRecord, Store } from "../../store/store.ts";
import { LOOK_EVERY_MS } from "../marker.ts";
import type { Namespace } from "../namespace.ts";

export interface WatchedAgents {
  type?: string | undefined;
  capability: readonly string[];
  tag: readonly string[];
  service: readonly string[];
}

/** What became of an agent. `removed` may be of one that the watcher never heard of. */
export type AgentChange = { type: "updated"; agent: AgentRecord } | { type: "removed"; id: string };

export interface Changes {
  changes: AgentChange[];
  /** To go on after. */
  cursor: EventCursor;
  /** What came before is not known: read the list, then go on after the cursor. */
  resync: boolean;
}

/** How many events one look takes: their entries come in one round trip. */
export const EVENTS_AT_ONCE = 100;

/** What changes the record of an agent, and not its document: whoever does not match after it did not before. */
const KEEPS_DOCUMENT: ReadonlySet<EventType> = new Set([
  "status_changed",
  "became_unreachable",
  "recovered",
  "drain_requested",
  "drain_cancelled",
]);

/**
 * The agents that match, as they are now, of which something was told after `since`; waits for some if there are none. What
 * only time changes is told by nobody: who watches computes it.
 *
 * @param since   undefined: begins here
 * @param waitMs  how long at most
 * @param signal  ends the wait
 * @returns no changes and `resync` without `since`, and where its event is no longer kept
 * @throws {Problem} `store_unavailable`
 */
export async function watchAgents(
  namespace: Namespace,
  query: WatchedAgents,
  since: EventCursor | undefined,
  waitMs: number,
  signal: AbortSignal,
): Promise<Changes> {
  const { store, clock, pause, marker } = namespace;
  const end = clock() + waitMs;
  let cursor = since;
  for (;;) {
    const seen = await marker.read();
    const page = cursor && (await store.events({ since: cursor, limit: EVENTS_AT_ONCE }));
    if (page === undefined || page === "too_old")
      return { changes: [], cursor: await newest(store), resync: true };
    cursor = page.next;
    const changes = await changesOf(namespace, page.events, query);
    if (changes.length > 0 || clock() >= end) return { changes, cursor, resync: false };
    if (page.events.length === EVENTS_AT_ONCE) continue;
    while ((await marker.read()) === seen) {
      if (clock() >= end || signal.aborted) return { changes, cursor, resync: false };
      await pause(Math.min(LOOK_EVERY_MS, end - clock()));
    }
  }
}

async function newest(store: Store): Promise<EventCursor> {
  const [last] = await store.latest(1);
  if (last) return { revision: last.revision, nonce: last.nonce };
  const page = await store.events({ since: undefined, limit: 1 });
  if (page === "too_old") throw new Error("without a cursor nothing is too old");
  return page.next;
}

async function changesOf(
  { store, clock }: Namespace,
  events: readonly EventRecord[],
  query: WatchedAgents,
): Promise<AgentChange[]> {
  const told = new Map<string, EventType[]>();
  for (const { kind, id, type } of events)
    if (kind === "agent") told.set(id, [...(told.get(id) ?? []), type]);
  if (told.size === 0) return [];
  const ids = [...told.keys()];
  const now = clock();
  const snapshots = await store.read(
    ids.map((id) => ({ kind: "agent", id })),
    now,
  );
  const terms = [...queryTerms(query), ...query.service.map((service) => `service:${service}`)];
  return snapshots.flatMap(({ entry }, i): AgentChange[] => {
    const id = ids[i]!;
    if (!isLive(entry)) return [{ type: "removed", id }];
    if (terms.every((term) => hasTerm("agent", entry.document, term)))
      return [{ type: "updated", agent: agentRecord(entry, now) }];
    return told.get(id)!.every((type) => KEEPS_DOCUMENT.has(type)) ? [] : [{ type: "removed", id }];
  });
}
