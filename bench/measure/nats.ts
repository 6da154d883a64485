import { fleetOf, tokenOf } from "../fleet/agents.ts";
import * as operations from "../fleet/operations.ts";
import { populateRedis } from "../fleet/populate-redis.ts";
import { PresentFleet } from "../fleet/present-fleet.ts";
import { interleave, type Operation } from "../load/load.ts";
import { CALLERS } from "../plan.ts";
import type { Rig } from "../rig.ts";
import { startNats } from "../servers/nats.ts";
import * as nats from "../yardsticks/nats.ts";
import type { PeerPair, PeerResult } from "./etcd.ts";

/** The names of what is compared, by which the bars find it. */
export const NATS_PAIRS = {
  heartbeat: "heartbeat by socket",
  discover: "discover",
  alone: "discover, one caller",
};

// No longer than the terms of the fleet: none of them has to ping while it is measured.
const INTERVAL_MS = 3_600_000;

/** Compares with NATS's key-value store: agents have a connection each on both sides. @throws if it is not installed */
export async function measureNats(rig: Rig): Promise<PeerResult> {
  const running = await startNats();
  const theirs = await nats.populateNats(running.port, rig.plan.peerAgents);
  const fleet = fleetOf(rig.plan.peerAgents, "nats");
  await populateRedis(rig.redis.redis, fleet);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
  const tokens = Array.from({ length: fleet.size }, (_, index) => tokenOf(fleet, index));
  const present = new PresentFleet(served.worker.url, fleet, tokens, INTERVAL_MS);
  await present.openAll();

  const discover = operations.discover(served.http(fleet), fleet);
  const watch = nats.discoverByWatch(theirs, operations.LIMIT);
  const ping: Operation = (nth) => present.pingOne(nth);
  const compared: [name: string, yardstick: string, callers: number, ours: Operation, theirs: Operation][] = [
    [NATS_PAIRS.heartbeat, "put of its state", CALLERS, ping, nats.putHeartbeat(theirs)],
    [NATS_PAIRS.discover, `watch of ${fleet.size} and filter`, CALLERS, discover, watch],
    [NATS_PAIRS.alone, `watch of ${fleet.size} and filter`, 1, discover, watch],
  ];
  const pairs: PeerPair[] = [];
  for (const [name, yardstick, callers, our, their] of compared) {
    const [a, b] = await interleave(
      [
        { operation: our, pid: served.worker.pid },
        { operation: their, pid: running.pid },
      ],
      { callers, warmUpMs: rig.plan.warmUpMs, ...rig.plan.pair },
    );
    pairs.push({ name, yardstick, runtime: "workerd", each: 1, ours: a!, theirs: b! });
  }
  present.close();
  for (const connection of theirs.connections) connection.close();
  await served.stop();
  await running.stop();
  return { version: running.version, agents: fleet.size, pairs };
}
