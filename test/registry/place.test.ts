import { expect, it } from "vitest";
import { placeOfMost } from "../../src/registry/place.ts";
import { Registry } from "../support/registry.ts";
import { redisBackend } from "../support/stores.ts";

const at = (continent: string) => ({ continent });

it("is that of most regions, the first of equals, and none where nobody says", () => {
  expect(placeOfMost([at("EU"), at("AS"), at("AS")])).toBe("apac");
  expect(placeOfMost([at("OC"), at("NA")])).toBe("oc");
  expect(placeOfMost([null, {}, at("??"), at("AF")])).toBe("afr");
  expect(placeOfMost([null, at("AN")])).toBeUndefined();
  expect(placeOfMost([])).toBeUndefined();
});

it("has a service's pool opened where most of its providers are", async () => {
  const backend = redisBackend();
  const asked: unknown[][] = [];
  const registry = new Registry({
    backend: {
      ...backend,
      openPool: (...names) => {
        asked.push(names);
        return backend.openPool(...names);
      },
    },
  });
  for (const [id, continent] of [
    ["a", "NA"],
    ["b", "EU"],
    ["c", "EU"],
  ] as const)
    await registry.fetch("/v1/agents", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, name: id, type: "worker", services: [{ service: "llm" }] }),
      cf: { continent },
    });
  expect((await registry.get("/v1/services/llm/resolve")).status).toBe(200);
  expect(asked).toEqual([["default", "llm", "weur"]]);
});
