import { REFRESH_MS } from "../../src/hub/agent-hub.ts";
import { ratioOf } from "../load/statistics.ts";
import type { Results } from "../results.ts";
import { atMost, type Bar, round } from "./bar.ts";

export function hubBars({ hub }: Pick<Results, "hub">): Bar[] {
  const { sockets, pings, heartbeats, quiet, closedMs, silentIntervals, restart } = hub;
  const of = `${sockets.toLocaleString("en")} sockets`;
  const commandsMax = (quiet.seconds * 1000) / REFRESH_MS;
  const closed = Math.max(...closedMs) / 1000;
  const silent = Math.max(...silentIntervals);
  const isWhole = [restart.listed, restart.distinct, restart.available].every((n) => n === sockets);
  const told = restart.unreachable + restart.lapsed + restart.reaped;
  const cpu = (timings: typeof pings) => timings.map(({ cpuMs }) => cpuMs);
  return [
    atMost(`CPU of a ping, ${of}`, "a heartbeat over HTTP", 0.15, ratioOf(cpu(pings), cpu(heartbeats))),
    {
      name: `liveness of ${of}`,
      yardstick: `commands to Redis in ${quiet.seconds} s`,
      bar: `≤ ${commandsMax}`,
      measured: String(quiet.commands),
      met: quiet.commands <= commandsMax,
    },
    {
      name: `a closed one of ${of} is noticed`,
      yardstick: `the latest of ${closedMs.length}`,
      bar: "≤ 1 s",
      measured: `${round(closed)} s`,
      met: closed <= 1,
    },
    {
      name: `a silent one of ${of} is noticed`,
      yardstick: `the latest of ${silentIntervals.length}`,
      bar: "≤ 1.5 intervals",
      measured: `${round(silent)} intervals`,
      met: silent <= 1.5,
    },
    {
      name: `all ${of} are back after a restart`,
      yardstick: "seconds",
      bar: "≤ 30 s",
      measured: `${round(restart.backSeconds)} s`,
      met: restart.backSeconds <= 30,
    },
    {
      name: `${of} after a restart`,
      yardstick: "nobody missed, nobody twice",
      bar: "yes",
      measured: `${restart.distinct} agents in ${restart.listed} listed, ${restart.available} available, ${told} told silent or gone`,
      met: isWhole && told === 0,
    },
  ];
}
