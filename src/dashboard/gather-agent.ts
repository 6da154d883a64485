import { agentRecord } from "../core/agents/record.ts";
import { isLive } from "../core/entry.ts";
import { isoTime } from "../core/time.ts";
import { latestEvents } from "../registry/events.ts";
import type { Namespace } from "../registry/namespace.ts";
import { readOne } from "../registry/read.ts";
import { eventView } from "./gather-event.ts";
import type { AgentView } from "./view.ts";

/** How many events are looked through for those of one agent. */
const EVENTS_EXAMINED = 1000;

/** @throws {Problem} `store_unavailable` */
export async function gatherAgent(namespace: Namespace, id: string, now: number): Promise<AgentView> {
  const [entry, events] = await Promise.all([
    readOne(namespace.store, { kind: "agent", id }, now),
    latestEvents(namespace, EVENTS_EXAMINED),
  ]);
  return {
    as_of: isoTime(now),
    id,
    agent: isLive(entry) ? agentRecord(entry, now) : null,
    events: events.filter((event) => event.id === id).map(eventView),
    examined: events.length,
  };
}
