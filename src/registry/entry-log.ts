import { type Uptime, uptimeOf } from "../core/agents/uptime.ts";
import type { Kind, Ref } from "../core/entry.ts";
import { RULES } from "../core/kinds.ts";
import type { Problem } from "../core/problem.ts";
import { type EventRecord, LOG_MAX } from "../store/store.ts";
import type { Namespace } from "./namespace.ts";
import { readOne } from "./read.ts";

export { LOG_MAX } from "../store/store.ts";

export interface EntryLog {
  /** Newest first. */
  events: EventRecord[];
  /** By all that is kept of an agent's; of toolsets it means nothing. */
  uptime: Uptime;
}

/**
 * The newest events of one entry, whether it is there still or has ended in the last 30 days. One command; one more where
 * there are none.
 *
 * @returns or the Problem `agent_not_found`, `toolset_not_found` where nothing is known of the id
 * @throws {Problem} `store_unavailable`
 */
export async function entryLog<K extends Kind>(
  { store }: Namespace,
  ref: Ref<K>,
  limit: number,
  now: number,
): Promise<EntryLog | Problem> {
  const events = await store.log(ref, LOG_MAX, now);
  if (events.length === 0 && !(await readOne(store, ref, now, true))) return RULES[ref.kind].notFound(ref.id);
  return { events: events.slice(0, limit), uptime: uptimeOf(events, now) };
}
