/** `npm run dev` on a real redis-server behind the tests' REST bridge, in place of the embedded store. */
import { spawn } from "node:child_process";
import { startBridge } from "../test/support/bridge.node.ts";
import { startRedisServer } from "../test/support/redis-server.node.ts";

const redis = await startRedisServer();
const bridge = await startBridge(redis.port);
const vars = [`UPSTASH_REDIS_REST_URL:${bridge.url}`, "UPSTASH_REDIS_REST_TOKEN:test-local"];
const dev = spawn(
  "npm",
  ["run", "dev", "--", ...vars.flatMap((pair) => ["--var", pair]), ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.on("SIGINT", () => undefined);
dev.on("exit", async (code) => {
  await bridge.stop();
  await redis.stop();
  process.exitCode = code ?? 0;
});
