import type { EffectiveStatus } from "../../core/agents/agent.ts";
import { queryTerms } from "../../core/agents/discovery.ts";
import { type AgentRecord, agentRecord } from "../../core/agents/record.ts";
import { isLive, type LiveEntry } from "../../core/entry.ts";
import type { AgentSearch } from "../recent-reads.ts";
import type { Page } from "../../store/store.ts";
import { walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";
import { justBefore } from "./prefix.ts";

/** A page examines at most this many agents, so that a filter that lets none through cannot make it slow. */
const EXAMINED_MAX = 500;

export interface AgentQuery {
  type?: string | undefined;
  capability: readonly string[];
  tag: readonly string[];
  /** Any of these effective statuses passes; undefined: all do. */
  statuses: readonly EffectiveStatus[] | undefined;
  /** Of ids; "" has all of them. */
  prefix: string;
  /** Start after this id, which has the prefix; "" from the beginning. */
  after: string;
  /** at most 200 */
  limit: number;
}

export interface AgentPage {
  agents: AgentRecord[];
  /** The id to go on after; null at the end. */
  next: string | null;
  /** How many were examined for this page, and how many of them have lapsed. */
  examined: number;
  lapsed: number;
}

/**
 * Live agents in id order, unreachable ones included. May give fewer than `limit` while there are more: `next` says so.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function listAgents(
  { store }: { store: AgentSearch },
  query: AgentQuery,
  now: number,
): Promise<AgentPage> {
  const { statuses, limit, prefix } = query;
  const terms = queryTerms(query);
  const agents: AgentRecord[] = [];
  let after: string | null = query.after === "" && prefix !== "" ? justBefore(prefix) : query.after;
  let [examined, lapsed] = [0, 0];
  // One more than the limit tells whether there is more. Only if too few passed, a second look takes the rest of what may
  // be examined.
  for (const members of [limit + 1, EXAMINED_MAX - limit - 1]) {
    if (after === null || agents.length > limit) break;
    const page: Page = await store.page({ kind: "agent", terms, after, limit: members, near: true }, now);
    const entries = page.entries.filter(({ document }) => document.registration.id.startsWith(prefix));
    examined += entries.length;
    for (const entry of entries) {
      if (!isLive(entry)) {
        lapsed += 1;
        continue;
      }
      const record = agentRecord(entry, now);
      if (!statuses || statuses.includes(record.effective_status)) agents.push(record);
    }
    // Ids come in order: after one without the prefix none has it.
    after = page.next?.startsWith(prefix) ? page.next : null;
  }
  const shown = agents.slice(0, limit);
  return { agents: shown, next: agents.length > limit ? shown.at(-1)!.id : after, examined, lapsed };
}

/**
 * The first live agents in id order, of one type where it is named.
 *
 * @returns at most `max`; `truncated` if there are more; how many that were come upon have lapsed
 * @throws {Problem} `store_unavailable`
 */
export async function firstAgents(
  { store }: Namespace,
  { type, max }: { type?: string; max: number },
  now: number,
): Promise<{ agents: LiveEntry[]; truncated: boolean; lapsed: number }> {
  const live: LiveEntry[] = [];
  let lapsed = 0;
  const terms = [type === undefined ? "agent" : `type:${type}`];
  for await (const page of walk(store, "agent", terms, now)) {
    for (const entry of page) {
      if (isLive(entry)) live.push(entry);
      else lapsed += 1;
    }
    if (live.length > max) break;
  }
  return { agents: live.slice(0, max), truncated: live.length > max, lapsed };
}
