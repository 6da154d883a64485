import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import worker from "../src/worker.ts";
import { redisBackend } from "./support/stores.ts";

it.each([
  { access: "open", ACCESS: "open", sweeps: true },
  { access: "closed", ACCESS: "", sweeps: false },
])("the cron sweeps a deployment whose access is $access: $sweeps", async ({ ACCESS, sweeps }) => {
  const { bridge, prefix } = redisBackend();
  const deployment = {
    ...env,
    ACCESS,
    UPSTASH_REDIS_REST_URL: bridge.url,
    UPSTASH_REDIS_REST_TOKEN: bridge.token,
    REDIS_PREFIX: prefix,
  };
  await worker.scheduled(createScheduledController(), deployment);
  expect((await bridge.counters()).requests > 0).toBe(sweeps);
});
