import type { TestProject } from "vitest/node";
import { startBridge } from "./bridge.node.ts";
import { startRedisServer } from "./redis-server.node.ts";

/**
 * One real redis-server behind one REST bridge for the whole run; each test has a token and a prefix of its own. A second
 * one is for the tests that fill it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [bridge, full] = await Promise.all([startServer(), startServer()]);
  project.provide("bridgeUrl", bridge.url);
  project.provide("fullBridgeUrl", full.url);
  return async () => {
    await bridge.stop();
    await full.stop();
  };
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const redis = await startRedisServer();
  const bridge = await startBridge(redis.port);
  return {
    url: bridge.url,
    async stop() {
      await bridge.stop();
      await redis.stop();
    },
  };
}
