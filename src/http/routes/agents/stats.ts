import { byCodeUnit } from "../../../core/order.ts";
import { isoTime } from "../../../core/time.ts";
import { tallyAgents } from "../../../registry/agents/tally.ts";
import type { lastSweep } from "../../../registry/events.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const capabilities = endpoint({
  method: "GET",
  path: "/v1/capabilities",
  operationId: "listCapabilities",
  summary: "What can be done, and by how many live agents",
  group: "discovery",
  scope: "read",
  answers: { 200: { description: "By name", body: shapes.capabilityList } },
  refusals: [],
  async handle({ namespace, now }) {
    const { byCapability } = await tallyAgents(namespace, now);
    const list = sorted(byCapability).map(([name, agents]) => ({ name, agents }));
    return { status: 200, body: { capabilities: list, count: list.length } };
  },
});

const stats = endpoint({
  method: "GET",
  path: "/v1/stats",
  operationId: "stats",
  summary: "How many agents, of which types, in which states",
  group: "discovery",
  scope: "read",
  answers: { 200: { description: "Counts of live agents", body: shapes.stats } },
  refusals: [],
  async handle({ namespace, now }) {
    const tally = await tallyAgents(namespace, now);
    return {
      status: 200,
      body: {
        total_components: tally.total,
        total_capabilities: tally.byCapability.size,
        by_type: Object.fromEntries(sorted(tally.byType)),
        by_status: Object.fromEntries(sorted(tally.byStatus)),
        backend: namespace.store.backend,
        as_of: isoTime(tally.asOf),
        last_sweep: tally.lastSweep ? shown(tally.lastSweep) : null,
      },
    };
  },
});

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].toSorted(([a], [b]) => byCodeUnit(a, b));

type SweepReport = NonNullable<Awaited<ReturnType<typeof lastSweep>>>;

const shown = ({ at, scanned, unreachable, recovered, reaped, healed, durationMs }: SweepReport) => ({
  at: isoTime(at),
  scanned,
  unreachable,
  recovered,
  reaped,
  healed,
  duration_ms: durationMs,
});

export const statsEndpoints = [capabilities, stats];
