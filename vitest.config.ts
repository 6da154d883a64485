import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { DRAWS } from "./test/support/seed.global.node.ts";

const testTimeout = 60_000 * DRAWS.times;

export default defineConfig({
  test: {
    globalSetup: ["./test/support/redis.global.node.ts", "./test/support/seed.global.node.ts"],
    // Many tests cause an outage, which is logged: only the logs of tests that failed are shown.
    silent: "passed-only",
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              ratelimits: { THREE_A_MINUTE: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/**/*.test.ts"],
          exclude: ["test/node/**", "test/mcp/**"],
          testTimeout,
          hookTimeout: 60_000,
          setupFiles: ["./test/support/seed.ts", "./test/support/forget-keys.ts"],
          // Each test opens a store of its own. A worker for each file would load all of src for each, which takes half of the time.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts"],
          testTimeout,
          hookTimeout: 60_000,
          setupFiles: "./test/support/seed.ts",
        },
      },
      {
        test: {
          name: "mcp",
          include: ["test/mcp/*.test.ts"],
          globalSetup: "./test/mcp/support/deployment.global.ts",
          testTimeout,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
