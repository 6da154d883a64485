/** `npm run dev` on a real redis-server behind the tests' REST bridge, in place of the embedded store. */
import { startBridge } from "../test/support/bridge.node.ts";
import { startRedisServer } from "../test/support/redis-server.node.ts";
import { run } from "./run.ts";

const redis = await startRedisServer();
const bridge = await startBridge(redis.port);
const vars = [`UPSTASH_REDIS_REST_URL:${bridge.url}`, "UPSTASH_REDIS_REST_TOKEN:test-local"];
await run("scripts/dev.ts", [...vars.flatMap((pair) => ["--var", pair]), ...process.argv.slice(2)]);
await bridge.stop();
await redis.stop();
