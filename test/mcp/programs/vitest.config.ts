import { defineConfig } from "vitest/config";

/** `npm run test:clients`: programs that take seconds to start, so they are not among the tests of `npm test`. */
export default defineConfig({
  test: {
    include: ["test/mcp/programs/*.test.ts"],
    globalSetup: "./test/mcp/programs/deployment.global.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
