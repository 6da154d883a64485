import { describe, expect, it } from "vitest";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const MEBIBYTE = 2 ** 20;

describe.each(BACKENDS)(
  "1,300 static entries with 130,000 terms of their own on $backend",
  ({ openBackend }) => {
    it("make no read fail, and none longer than 1 MiB", async () => {
      const registry = new Registry({ backend: openBackend(), env: { LIMITS: '{"terms":1000000}' } });
      for (let from = 0; from < 1300; from += 650) {
        await populate(registry, 650, (i) => ({
          id: `a-${from + i}`,
          heartbeat_interval_seconds: null,
          type: `type-${from + i}`,
          capabilities: Array.from({ length: 100 }, (_, n) => `capability-${from + i}-${n}`),
        }));
      }
      for (const path of [
        "/v1/stats",
        "/v1/agents?limit=25",
        "/v1/capabilities",
        "/v1/capabilities?limit=1000",
      ]) {
        const response = await registry.fetch(path);
        const { length } = await response.text();
        expect([path, response.status, length < MEBIBYTE]).toEqual([path, 200, true]);
      }
      expect((await registry.post("/v1/sweep")).status).toBe(200);
    });
  },
);
