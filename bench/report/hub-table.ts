import { HANDSHAKES_AT_ONCE } from "../fleet/present-fleet.ts";
import { spreadOf } from "../load/statistics.ts";
import { middle } from "../measure/fleets.ts";
import type { HubResult } from "../measure/hub.ts";
import { figure, type Table } from "./table.ts";
import { count, spread } from "./tables.ts";

export function hubTable(hub: HubResult): Table {
  const { sockets, descriptors, intervalSeconds, quiet, restart } = hub;
  const may = Number.isFinite(descriptors) ? count(descriptors) : "any number of";
  return {
    title: "Leases held by sockets",
    note: `${count(sockets)} agents with a socket each in one hub's object (a process may have ${may} files open here, and workerd takes two for a socket), which ping every ${intervalSeconds} s; plain workerd on Redis. Pings and heartbeats over HTTP take turns in the same process, while all others ping. The restart kills the process; agents come back after a random part of a second, doubled with each failure, with at most ${count(HANDSHAKES_AT_ONCE)} handshakes under way.`,
    columns: ["what", "measured"],
    rows: [
      ["CPU of a ping, µs", figure(middle(hub.pings, "cpuMs") * 1000)],
      ["CPU of a heartbeat over HTTP, µs", figure(middle(hub.heartbeats, "cpuMs") * 1000)],
      ["pings a second, 16 at once", figure(middle(hub.pings, "perSecond"))],
      ["sockets opened a second", figure(hub.openedPerSecond)],
      ["CPU to open one, µs", figure(hub.opening.cpuMs * 1000)],
      ["commands that Upstash bills to open one", figure(hub.opening.commands)],
      ["memory of workerd for one, KiB", figure(hub.bytesEach / 1024)],
      [`commands to Redis in ${quiet.seconds} s with ${count(quiet.pings)} pings`, count(quiet.commands)],
      ["a closed socket is noticed after, ms", spread(spreadOf(hub.closedMs))],
      ["a silent one is let go after, intervals", spread(spreadOf(hub.silentIntervals))],
      ["taken for silent though they pinged", count(hub.cutOff)],
      ["restart: all are back after, s", figure(restart.backSeconds)],
      [
        "restart: listed, of these different, available",
        [restart.listed, restart.distinct, restart.available].map(count).join(", "),
      ],
      [
        "restart: told unreachable, lapsed, reaped",
        [restart.unreachable, restart.lapsed, restart.reaped].map(count).join(", "),
      ],
    ],
  };
}
