import { fleetOf } from "../fleet/agents.ts";
import * as operations from "../fleet/operations.ts";
import { populateRedis } from "../fleet/populate-redis.ts";
import { Http } from "../load/http.ts";
import { interleave, type Operation } from "../load/load.ts";
import { CALLERS } from "../plan.ts";
import type { Rig } from "../rig.ts";
import { startEtcd } from "../servers/etcd.ts";
import * as etcd from "../yardsticks/etcd.ts";
import type { Pair } from "./floor.ts";

export interface PeerPair extends Pair {
  /** Leases that one of our operations renews; 1 for those that renew none. */
  each: number;
}

/** Ours against a server that others have made. */
export interface PeerResult {
  version: string;
  agents: number;
  pairs: PeerPair[];
}

/** @throws if etcd is not installed */
export async function measureEtcd(rig: Rig): Promise<PeerResult> {
  const running = await startEtcd();
  const gateway = new Http(running.url);
  const agents = await etcd.populateEtcd(gateway, rig.plan.peerAgents);
  const fleet = fleetOf(rig.plan.peerAgents, "etcd");
  await populateRedis(rig.redis.redis, fleet);
  const served = await rig.start(rig.bundles.rollcall, "workerd", [fleet]);
  const http = served.http(fleet);

  const { BULK, LIMIT, PAGE } = operations;
  const range = `range read of ${fleet.size} and filter`;
  const compared: [name: string, yardstick: string, each: number, ours: Operation, theirs: Operation][] = [
    [
      `${BULK} heartbeats`,
      "lease keep-alive",
      BULK,
      operations.bulkHeartbeat(http, fleet),
      etcd.keepAlive(gateway, agents),
    ],
    ["heartbeat", "lease keep-alive", 1, operations.heartbeat(http, fleet), etcd.keepAlive(gateway, agents)],
    ["get", "range read of one key", 1, operations.get(http, fleet), etcd.getKey(gateway, agents)],
    ["discover", range, 1, operations.discover(http, fleet), etcd.discoverByRange(gateway, LIMIT)],
    [
      `list page of ${PAGE}`,
      `range read of ${PAGE}`,
      1,
      operations.listPage(http, fleet),
      etcd.listKeys(gateway, PAGE),
    ],
  ];
  const pairs: PeerPair[] = [];
  for (const [name, yardstick, each, ours, theirs] of compared) {
    const [a, b] = await interleave(
      [
        { operation: ours, pid: served.worker.pid },
        { operation: theirs, pid: running.pid },
      ],
      { callers: CALLERS, warmUpMs: rig.plan.warmUpMs, ...rig.plan.pair },
    );
    pairs.push({ name, yardstick, runtime: "workerd", each, ours: a!, theirs: b! });
  }
  await served.stop();
  await gateway.close();
  await running.stop();
  return { version: running.version, agents: fleet.size, pairs };
}
