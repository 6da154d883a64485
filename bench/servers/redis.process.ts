/** A real redis-server and the tests' Upstash-REST bridge in front of it, in a process of their own. */
import { startBridge } from "../../test/support/bridge.node.ts";
import { startRedisServer } from "../../test/support/redis-server.node.ts";
import { serveParent } from "./child.ts";

const redis = await startRedisServer();
const bridge = await startBridge(redis.port);
serveParent({ url: bridge.url, port: redis.port }, async () => {
  await bridge.stop();
  await redis.stop();
});
