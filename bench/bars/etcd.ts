import { BULK } from "../fleet/operations.ts";
import type { Timing } from "../load/load.ts";
import { ratioOf } from "../load/statistics.ts";
import type { Results } from "../results.ts";
import { atLeast, type Bar, times } from "./bar.ts";

const perSecond = (timings: readonly Timing[]) => timings.map((timing) => timing.perSecond);

export function etcdBars({ etcd }: Pick<Results, "etcd">): Bar[] {
  const wanted: Record<string, number> = { [`${BULK} heartbeats`]: 5, heartbeat: 0.4, discover: 10 };
  return etcd.pairs.map(({ name, yardstick, each, ours, theirs }) => {
    const ratio = ratioOf(
      perSecond(ours).map((value) => value * each),
      perSecond(theirs),
    );
    const bar = wanted[name];
    const what = each > 1 ? `${name} a request, leases a second` : name;
    return bar === undefined
      ? { name: what, yardstick: `etcd, ${yardstick}`, bar: "no bar", measured: times(ratio), met: null }
      : atLeast(what, `etcd, ${yardstick}`, bar, ratio);
  });
}
