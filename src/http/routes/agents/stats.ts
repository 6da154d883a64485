import * as z from "zod";
import { byCodeUnit } from "../../../core/order.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { listCapabilities, type Tallied, tallyAgents } from "../../../registry/agents/tally.ts";
import { decodeNameCursor, encodeCursor } from "../../frame/cursor.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { lapsingShown, recoveringShown } from "../../../core/agents/lapsing.ts";

/** The largest page of capabilities. */
const CAPABILITIES_MAX = 1000;

const capabilities = endpoint({
  method: "GET",
  path: "/v1/capabilities",
  operationId: "listCapabilities",
  group: "discovery",
  scope: "read",
  query: z.strictObject({
    prefix: z.string().default(""),
    limit: param.integer(1, CAPABILITIES_MAX).default(100),
    cursor: z.string().optional(),
  }),
  refusals: ["invalid_request"],
  async handle({ namespace, query: { prefix, limit, cursor }, now }) {
    const after = cursor === undefined ? "" : orThrow(decodeNameCursor(cursor));
    const {
      capabilities: list,
      next,
      total,
      lapsed,
    } = await listCapabilities(namespace, { prefix, after, limit }, now);
    const next_cursor = next === null ? null : encodeCursor(next);
    const recovering = recoveringShown(lapsed, total + lapsed);
    return { status: 200, body: { capabilities: list, count: list.length, next_cursor, ...recovering } };
  },
});

const stats = endpoint({
  method: "GET",
  path: "/v1/stats",
  operationId: "stats",
  group: "discovery",
  scope: "read",
  refusals: [],
  async handle({ namespace, now }) {
    const tally = await tallyAgents(namespace, now);
    return {
      status: 200,
      body: {
        total_components: tally.total,
        total_capabilities: tally.capabilities,
        by_type: Object.fromEntries(sorted(tally.byType)),
        other_types: tally.ofOtherTypes,
        by_status: Object.fromEntries(sorted(tally.byStatus)),
        ...lapsingShown(tally.lapsed, tally.total + tally.lapsed),
        backend: namespace.store.backend,
        as_of: isoTime(tally.asOf),
        last_sweep: tally.lastSweep ? shown(tally.lastSweep) : null,
      },
    };
  },
});

const sorted = (counts: Iterable<[string, number]>) => [...counts].toSorted(([a], [b]) => byCodeUnit(a, b));

type SweepReport = NonNullable<Tallied["lastSweep"]>;

const shown = ({ at, durationMs, ...report }: SweepReport) => ({
  at: isoTime(at),
  scanned: report.scanned,
  unreachable: report.unreachable,
  recovered: report.recovered,
  // A report from before lapsed registrations were kept does not say it.
  lapsed: report.lapsed ?? 0,
  reaped: report.reaped,
  healed: report.healed,
  duration_ms: durationMs,
});

export const statsEndpoints = [capabilities, stats];
