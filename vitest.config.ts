import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "./test/support/redis.global.node.ts",
    // Outages are logged, and many tests cause one: only what failed has something to say.
    silent: "passed-only",
    projects: [
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: {
          name: "workerd",
          include: ["test/**/*.test.ts"],
          exclude: ["test/node/**"],
          testTimeout: 60_000,
        },
      },
      {
        test: { name: "node", include: ["test/node/**/*.test.ts"], testTimeout: 60_000 },
      },
    ],
  },
});
