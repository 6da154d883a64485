import { ratioOf } from "../load/statistics.ts";
import type { PeerResult } from "../measure/etcd.ts";
import { middle } from "../measure/fleets.ts";
import { CALLERS } from "../plan.ts";
import { figure, type Table } from "./table.ts";
import { count, spread } from "./tables.ts";

/** @param note  what the peer is, and how it is asked */
export function peerTable(peer: string, { version, agents, pairs }: PeerResult, note: string): Table {
  return {
    title: `Against ${peer}`,
    note: `${peer} ${version} with ${count(agents)} agents, ${CALLERS} callers unless said otherwise; ours is plain workerd, bridge and Redis, on the same cores. CPU is the Worker's and ${peer}'s. ${note}`,
    columns: [
      "operation",
      "yardstick",
      "ours/s",
      `${peer}/s`,
      "ratio",
      "our p50 ms",
      "its p50 ms",
      "our CPU µs",
      "its CPU µs",
    ],
    rows: pairs.map(({ name, yardstick, each, ours, theirs }) => [
      name,
      yardstick,
      figure(middle(ours, "perSecond") * each),
      figure(middle(theirs, "perSecond")),
      spread(
        ratioOf(
          ours.map((t) => t.perSecond * each),
          theirs.map((t) => t.perSecond),
        ),
      ),
      figure(middle(ours, "p50")),
      figure(middle(theirs, "p50")),
      figure(middle(ours, "cpuMs") * 1000),
      figure(middle(theirs, "cpuMs") * 1000),
    ]),
  };
}
