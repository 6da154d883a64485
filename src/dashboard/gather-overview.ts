import { agentRecord } from "../core/agents/record.ts";
import { isRecovering } from "../core/agents/recovering.ts";
import { isoTime } from "../core/time.ts";
import { surveyAgents } from "../registry/agents/survey.ts";
import { lastSweep, latestEvents } from "../registry/events.ts";
import type { Namespace } from "../registry/namespace.ts";
import { servicesOf } from "../registry/services/fleet.ts";
import { glanceAtService } from "../registry/services/glance.ts";
import { glanceAtToolsets, type ToolsetGlance } from "../registry/toolsets/glance.ts";
import { applyFilter } from "./filter.ts";
import { eventView } from "./gather-event.ts";
import { serviceView } from "./gather-service.ts";
import type { Filter, Overview, ToolsetView } from "./view.ts";

/** Each is two calls to its pool, at every look. */
const SERVICES_MAX = 20;
/** Each is a call to its gateway. */
const TOOLSETS_MAX = 20;
const SELECTIONS_SHOWN = 10;
const EVENTS_SHOWN = 50;

/** @throws {Problem} `store_unavailable`; a pool or gateway that does not answer hides nothing else */
export async function gatherOverview(namespace: Namespace, filter: Filter, now: number): Promise<Overview> {
  const { type, capability } = filter;
  const [{ agents, lapsed, partial }, toolsets, events, sweep] = await Promise.all([
    surveyAgents(namespace, { type, capability }, now),
    glanceAtToolsets(namespace, TOOLSETS_MAX, now),
    latestEvents(namespace, EVENTS_SHOWN),
    lastSweep(namespace),
  ]);
  // Reading took a while, and so will counting and rendering: others are let in between.
  await namespace.pause(0);
  const records = agents.map((entry) => agentRecord(entry, now));
  const filtered = applyFilter(records, filter);
  await namespace.pause(0);
  const services = servicesOf(agents);
  const glances = await Promise.all(
    services
      .slice(0, SERVICES_MAX)
      .map((service) => glanceAtService(namespace, service, agents, SELECTIONS_SHOWN, now)),
  );
  return {
    as_of: isoTime(now),
    namespace: namespace.name,
    backend: namespace.store.backend,
    filter,
    ...filtered,
    total: records.length,
    lapsed,
    recovering: isRecovering(lapsed, lapsed + records.length),
    partial,
    services: glances.map(serviceView),
    servicesLeftOut: services.length - glances.length,
    toolsets: toolsets.map(toolsetView),
    events: events.map(eventView),
    sweep: sweep ? { ...sweep, at: isoTime(sweep.at) } : null,
  };
}

function toolsetView({ info, load }: ToolsetGlance): ToolsetView {
  const { tool_count, health, ...rest } = info;
  return {
    ...rest,
    tools: tool_count,
    healthy: health.healthy,
    last_seen: health.last_pong,
    // A gateway that does not answer is not shown as one without calls.
    ...(load && { calls_in_flight: load.queued + load.claimed }),
  };
}
