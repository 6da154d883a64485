import { EXACT_MAX } from "../../../core/agents/discovery.ts";
import { byCodeUnit } from "../../../core/order.ts";
import { isoTime } from "../../../core/time.ts";
import { count, emptyTally, type Tally } from "../../../core/agents/tally.ts";
import type { Store, SweepReport } from "../../../store/store.ts";
import { walk } from "../../../store/walk.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";

/**
 * Counts live agents. Small fleets are counted now; beyond 5,000 the indexes and the last sweep answer, which may still
 * count agents that lapsed since that sweep, and knows of no drains.
 */
async function tallyOf(
  store: Store,
  report: SweepReport | undefined,
  now: number,
): Promise<Tally & { asOf: number }> {
  if ((await store.count("agent")) <= EXACT_MAX) {
    const tally = emptyTally();
    for await (const page of walk(store, "agent", ["agent"], now)) count(tally, page, now);
    return { ...tally, asOf: now };
  }
  const terms = await store.terms();
  const under = (prefix: string) =>
    new Map(
      [...terms].flatMap(([term, agents]) =>
        term.startsWith(prefix) ? [[term.slice(prefix.length), agents] as const] : [],
      ),
    );
  return {
    total: terms.get("agent") ?? 0,
    byType: under("type:"),
    byStatus: new Map(Object.entries(report?.byStatus ?? {})),
    byCapability: under("capability:"),
    asOf: report?.at ?? now,
  };
}

const sorted = (counts: Map<string, number>) => [...counts].toSorted(([a], [b]) => byCodeUnit(a, b));

const capabilities = endpoint({
  method: "GET",
  path: "/v1/capabilities",
  operationId: "listCapabilities",
  summary: "What can be done, and by how many live agents",
  scope: "read",
  answers: { 200: { description: "By name", body: shapes.capabilityList } },
  refusals: [],
  async handle({ store, now }) {
    const { byCapability } = await tallyOf(store, await store.sweepReport(), now);
    const list = sorted(byCapability).map(([name, agents]) => ({ name, agents }));
    return { status: 200, body: { capabilities: list, count: list.length } };
  },
});

const stats = endpoint({
  method: "GET",
  path: "/v1/stats",
  operationId: "stats",
  summary: "How many agents, of which types, in which states",
  scope: "read",
  answers: { 200: { description: "Counts of live agents", body: shapes.stats } },
  refusals: [],
  async handle({ store, now }) {
    const report = await store.sweepReport();
    const tally = await tallyOf(store, report, now);
    return {
      status: 200,
      body: {
        total_components: tally.total,
        total_capabilities: tally.byCapability.size,
        by_type: Object.fromEntries(sorted(tally.byType)),
        by_status: Object.fromEntries(sorted(tally.byStatus)),
        backend: store.backend,
        as_of: isoTime(tally.asOf),
        last_sweep: report ? summaryOf(report) : null,
      },
    };
  },
});

const summaryOf = ({ at, scanned, unreachable, recovered, reaped, healed, durationMs }: SweepReport) => ({
  at: isoTime(at),
  scanned,
  unreachable,
  recovered,
  reaped,
  healed,
  duration_ms: durationMs,
});

export const statsEndpoints = [capabilities, stats];
