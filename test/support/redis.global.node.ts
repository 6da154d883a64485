import type { TestProject } from "vitest/node";
import { startBridge } from "./bridge.node.ts";
import { startRedisServer } from "./redis-server.node.ts";

/** One real redis-server behind one REST bridge for the whole run; each test has a token and a prefix of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedisServer();
  const bridge = await startBridge(redis.port);
  project.provide("bridgeUrl", bridge.url);
  return async () => {
    await bridge.stop();
    await redis.stop();
  };
}
