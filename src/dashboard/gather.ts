import { priorityName } from "../core/services/binding.ts";
import { EXACT_MAX, queryTerms } from "../core/agents/discovery.ts";
import { type Entry, isLive } from "../core/entry.ts";
import { byCodeUnit } from "../core/order.ts";
import { Problem } from "../core/problem.ts";
import { agentRecord } from "../core/agents/record.ts";
import { isoTime } from "../core/time.ts";
import { toolsetInfo } from "../core/toolsets/catalogue.ts";
import { applyFilter } from "./filter.ts";
import type { AgentView, EventView, Filter, Overview, ServiceView, ToolsetView } from "./view.ts";
import type { Namespace } from "../registry/namespace.ts";
import type { Pool } from "../pool/pool.ts";
import type { EventRecord, Store } from "../store/store.ts";
import { walk } from "../store/walk.ts";
import { readOne } from "../registry/read.ts";
import { readServiceFleet } from "../registry/services/fleet.ts";

/** Each is two calls to its pool, at every look. */
const SERVICES_MAX = 20;
/** Each is a call to its gateway. */
const TOOLSETS_MAX = 20;
const SELECTIONS_SHOWN = 10;
const EVENTS_SHOWN = 50;
/** How far back an agent's page looks for it. */
const EVENTS_EXAMINED = 1000;

export async function overviewOf(namespace: Namespace, filter: Filter, now: number): Promise<Overview> {
  const { store, pool } = namespace;
  const [{ entries, partial }, toolsets, events, report] = await Promise.all([
    look(store, filter, now),
    toolsetViews(namespace, now),
    store.latest(EVENTS_SHOWN),
    store.sweepReport(),
  ]);
  const records = entries.filter(isLive).map((entry) => agentRecord(entry, now));
  const offered = records.flatMap(({ services }) => services.map(({ service }) => service));
  const services = [...new Set(offered)].toSorted(byCodeUnit);
  return {
    as_of: isoTime(now),
    namespace: namespace.name,
    backend: store.backend,
    filter,
    ...applyFilter(records, filter),
    total: records.length,
    partial,
    services: await Promise.all(
      services.slice(0, SERVICES_MAX).map((service) => serviceView(entries, service, pool(service), now)),
    ),
    servicesLeftOut: Math.max(0, services.length - SERVICES_MAX),
    toolsets,
    events: events.map(eventView),
    sweep: report ? { ...report, at: isoTime(report.at) } : null,
  };
}

/** All agents while an exact answer can be had; of a larger fleet, the first under the terms of the filter. */
async function look(
  store: Store,
  { type, capability }: Filter,
  now: number,
): Promise<{ entries: Entry[]; partial: boolean }> {
  const large = (await store.count("agent")) > EXACT_MAX;
  const terms = large
    ? queryTerms({ type, capability: capability === undefined ? [] : [capability], tag: [] })
    : ["agent"];
  const entries: Entry[] = [];
  for await (const page of walk(store, "agent", terms, now)) {
    entries.push(...page);
    if (entries.length > EXACT_MAX) break;
  }
  return { entries: entries.slice(0, EXACT_MAX), partial: large };
}

async function toolsetViews({ store, gateway, ping }: Namespace, now: number): Promise<ToolsetView[]> {
  const page = { kind: "toolset", terms: ["toolset"], after: "", limit: TOOLSETS_MAX } as const;
  const { entries } = await store.page(page, now);
  return Promise.all(
    entries.map(async (entry): Promise<ToolsetView> => {
      const { tool_count, health, ...info } = toolsetInfo(entry, ping, now);
      // A gateway that is down hides no toolset, and is not shown as one without calls.
      const load = await gateway(info.name)
        .load(now)
        .catch(() => undefined);
      return {
        ...info,
        tools: tool_count,
        healthy: health.healthy,
        last_seen: health.last_pong,
        ...(load && { calls_in_flight: load.queued + load.claimed }),
      };
    }),
  );
}

async function serviceView(
  entries: readonly Entry[],
  service: string,
  pool: Pool,
  now: number,
): Promise<ServiceView> {
  try {
    const [fleet, kept] = await Promise.all([
      readServiceFleet(pool, service, entries, now),
      pool.selections(SELECTIONS_SHOWN),
    ]);
    return {
      service,
      pool: {
        providers: fleet.map(({ offer, state, circuit }) => ({
          id: offer.provider,
          handler: offer.binding.handler,
          group: offer.binding.priority_group,
          priority: priorityName(offer.binding.priority),
          strategy: offer.binding.strategy,
          circuit,
          obstacle: offer.notSelectable?.reason ?? state.failedCheck,
        })),
        selections: kept.map(({ at, handler, capabilities, provider, rejected }) => ({
          at: isoTime(at),
          handler,
          capabilities,
          provider,
          reasons: rejected,
        })),
      },
    };
  } catch (error) {
    // One pool that is down hides nothing else, and is not shown as one where nothing happened.
    if (error instanceof Problem) return { service, pool: null };
    throw error;
  }
}

export async function agentView({ store }: Namespace, id: string, now: number): Promise<AgentView> {
  const [entry, events] = await Promise.all([
    readOne(store, { kind: "agent", id }, now),
    store.latest(EVENTS_EXAMINED),
  ]);
  return {
    as_of: isoTime(now),
    id,
    agent: isLive(entry) ? agentRecord(entry, now) : null,
    events: events.filter((event) => event.id === id).map(eventView),
    examined: events.length,
  };
}

const eventView = ({ at, ...event }: EventRecord): EventView => ({ ...event, at: isoTime(at) });
