import type { Timing } from "../load/load.ts";
import { ratioOf } from "../load/statistics.ts";
import { NATS_PAIRS } from "../measure/nats.ts";
import type { Results } from "../results.ts";
import { atLeast, atMost, type Bar } from "./bar.ts";

export function natsBars({ nats: { agents, pairs } }: Pick<Results, "nats">): Bar[] {
  const pair = (name: string) => pairs.find((candidate) => candidate.name === name)!;
  const ping = pair(NATS_PAIRS.heartbeat);
  const together = pair(NATS_PAIRS.discover);
  const alone = pair(NATS_PAIRS.alone);
  const of = (field: keyof Timing) => (timings: readonly Timing[]) => timings.map((timing) => timing[field]);
  const [cpu, p50, perSecond] = [of("cpuMs"), of("p50"), of("perSecond")];
  const discovery = `discovery of 10 of ${agents.toLocaleString("en")}`;
  return [
    atMost(
      `CPU of a ${ping.name}`,
      `NATS, ${ping.yardstick}`,
      1.2,
      ratioOf(cpu(ping.ours), cpu(ping.theirs)),
    ),
    atLeast(
      `${discovery}, throughput`,
      `NATS, ${together.yardstick}`,
      3,
      ratioOf(perSecond(together.ours), perSecond(together.theirs)),
    ),
    atLeast(
      `${discovery}, one caller, times faster`,
      `NATS, ${alone.yardstick}`,
      3,
      ratioOf(p50(alone.theirs), p50(alone.ours)),
    ),
  ];
}
