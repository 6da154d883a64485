import { describe, expect, it } from "vitest";
import { Telemetry } from "../../../src/telemetry.ts";
import { KEYS } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { scrape } from "../../support/scrape.ts";
import { embeddedBackend, redisBackend } from "../../support/stores.ts";

const WHOLE = { status: "available", current_load: 3 };

/** A dataset that keeps what is written to it, as one line a point. */
function noted() {
  const points: string[] = [];
  const telemetry = new Telemetry({
    writeDataPoint: ({ indexes, blobs, doubles }) =>
      void points.push([...indexes, "|", ...blobs, "|", ...doubles].join(" ")),
  });
  return { telemetry, points };
}

describe("the point of a request", () => {
  it("has its operation, status, store and namespace, and what it asked of Redis", async () => {
    const { telemetry, points } = noted();
    const registry = new Registry({ backend: redisBackend(), telemetry });
    const { agent_id, lease_token } = await registry.register();
    await registry.heartbeat(agent_id, lease_token, WHOLE);
    // A script costs a second trip the first time that Redis is asked for it.
    await registry.get("/v1/agents/nobody");
    points.length = 0;
    await registry.heartbeat(agent_id, lease_token, WHOLE);
    await registry.get("/v1/agents/nobody");
    await registry.get("/nowhere");
    expect(points).toEqual([
      "default | heartbeat 2xx redis default | 0 1 1 0 0",
      "default | getAgent 4xx redis default | 0 1 1 0 0",
      " |  4xx   | 0 0 0 0 0",
    ]);
  });

  it("has what it asked of objects, on the embedded store", async () => {
    const { telemetry, points } = noted();
    const registry = new Registry({ backend: embeddedBackend(), telemetry });
    const { agent_id, lease_token } = await registry.register();
    points.length = 0;
    await registry.heartbeat(agent_id, lease_token, WHOLE);
    expect(points).toEqual(["default | heartbeat 2xx embedded default | 0 0 0 1 0"]);
  });

  it("has its own trips alone, however many are answered at once", async () => {
    const { telemetry, points } = noted();
    const registry = new Registry({ backend: redisBackend(), telemetry });
    const { agent_id, lease_token } = await registry.register();
    await registry.heartbeat(agent_id, lease_token, WHOLE);
    points.length = 0;
    await Promise.all([
      ...Array.from({ length: 5 }, () => registry.heartbeat(agent_id, lease_token, WHOLE)),
      registry.get("/health"),
    ]);
    expect(points.toSorted()).toEqual([
      "default | health 2xx redis default | 0 0 0 0 0",
      ...Array.from({ length: 5 }, () => "default | heartbeat 2xx redis default | 0 1 1 0 0"),
    ]);
  });

  it("counts each attempt that failed", async () => {
    const { telemetry, points } = noted();
    const backend = redisBackend();
    const registry = new Registry({ backend, telemetry });
    await backend.bridge.fail({ kind: "cut" });
    await registry.get("/v1/agents/a");
    expect(points).toEqual(["default | getAgent 5xx redis default | 0 2 2 0 2"]);
  });

  it("is no reason to fail a request", async () => {
    const telemetry = new Telemetry({
      writeDataPoint() {
        throw new Error("no more points");
      },
    });
    expect((await new Registry({ telemetry }).get("/v1/agents")).status).toBe(200);
  });
});

describe("the counters of an isolate", () => {
  it("count a namespace's requests by status, its refusals by code, and what was asked for them", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend, access: await keysAccess(KEYS) });
    const reader = bearer("key-read");
    const { requests, commands } = await backend.bridge.cost(async () => {
      expect((await scrape(registry, reader)).names).not.toContain("requests_total");
      await registry.get("/v1/agents", reader);
      await registry.get("/v1/agents/nobody", reader);
      await registry.post("/v1/sweep", undefined, reader);
      await registry.get("/v1/agents", bearer("key-unknown"));
    });
    // Another namespace's requests are not counted here.
    await registry.get("/v1/agents", bearer("key-foreign"));
    const { of, families } = await scrape(registry, reader);
    // The first scrape is counted, this one is not yet.
    expect(of("requests_total")).toEqual({ "2xx": 2, "4xx": 2 });
    expect(of("refusals_total")).toEqual({ forbidden: 1 });
    expect(of("keys_refused_total")).toEqual({ "": 1 });
    expect(families.find(({ name }) => name === "rollcall_requests_total")?.type).toBe("COUNTER");
    expect(of("redis_trips_total")).toEqual({ "": requests });
    expect(of("redis_commands_total")).toEqual({ "": commands });
    expect(of("store_errors_total")).toEqual({ "": 0 });
  });
});
