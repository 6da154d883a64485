import { describe, expect, it } from "vitest";
import type { AgentRecord } from "../../../src/core/agents/record.ts";
import { sweepUntilReaped } from "../../support/agents.ts";
import { type Registered, Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Refused {
  code: string;
  errors: { pointer: string; detail: string }[];
  action?: string;
}

const MINIMAL = { name: "Orchestrator", type: "agent" };
const REVIEW = {
  name: "code_review",
  description: "reads code",
  input_schema: { type: "object" },
  output_schema: { type: "string" },
  required_tools: ["git"],
  cost_estimate: 0.25,
  avg_duration_seconds: 12.5,
  tags: ["quality"],
};

const path = (id: string) => `/v1/agents/${encodeURIComponent(id)}`;
const read = async (registry: Registry, id: string): Promise<AgentRecord> => {
  const { status, body } = await registry.get<AgentRecord>(path(id));
  expect(status).toBe(200);
  return body;
};
const ids = async (registry: Registry, query: string): Promise<string[]> =>
  (await registry.get<{ agents: { id: string }[] }>(`/v1/${query}`)).body.agents.map(({ id }) => id);

describe.each(BACKENDS)("registering an agent on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("gives a registration that says the least every default [0-02, 0-03, 0-06, 0-07]", async () => {
    const registry = open();
    const { agent_id } = await registry.register({ ...MINIMAL, id: "agent/orchestrator" });
    expect(await read(registry, agent_id)).toEqual({
      id: "agent/orchestrator",
      ...MINIMAL,
      capabilities: [],
      tags: [],
      version: "1.0.0",
      metadata: {},
      max_concurrency: 10,
      health_score: 1,
      ttl_seconds: 300,
      heartbeat_interval_seconds: 30,
      services: [],
      status: "available",
      effective_status: "available",
      status_reason: null,
      current_load: 0,
      load_ratio: 0,
      last_seen: "2126-01-01T00:00:00.000Z",
      age_ms: 0,
      expires_at: "2126-01-01T00:05:00.000Z",
      registered_at: "2126-01-01T00:00:00.000Z",
      region: null,
      owner: null,
    });
  });

  it("keeps every field of a registration as it was said [0-02, 0-03, 0-04]", async () => {
    const registry = open();
    const said = {
      id: "skill/moe-task-execution",
      name: "Task execution 🛰",
      type: "skill",
      capabilities: [REVIEW],
      tags: ["eu"],
      version: "3.1.4-rc.1",
      endpoint: "https://agents.example/moe",
      host: "moe.internal",
      port: 65_535,
      path: "skills/moe/SKILL.md",
      health_url: "https://agents.example/moe/health",
      metadata: { nested: { list: [1, null, "x"] }, empty: {}, none: null },
      max_concurrency: 4,
      health_score: 0.9,
      ttl_seconds: 120,
      heartbeat_interval_seconds: 60,
      status: "busy",
      current_load: 3,
    };
    await registry.register(said);
    expect(await read(registry, said.id)).toMatchObject({ ...said, load_ratio: 0.75 });
  });

  it("widens a capability that is only a name to the whole shape, beside complete ones [0-02]", async () => {
    const registry = open();
    await registry.register({ id: "a", capabilities: ["spot", { name: "chart", tags: ["x"] }, REVIEW] });
    const widened = (name: string, tags: string[]) => ({
      name,
      description: "",
      input_schema: {},
      output_schema: {},
      required_tools: [],
      cost_estimate: 0,
      avg_duration_seconds: 0,
      tags,
    });
    expect((await read(registry, "a")).capabilities).toEqual([
      widened("spot", []),
      widened("chart", ["x"]),
      REVIEW,
    ]);
  });

  it.each(["agent/orchestrator", "a/b/c/d", "skill/x:1.0@eu-west_2", "a//b", "a/heartbeat", "type/drain"])(
    "serves the id %s on every route of its own [0-04]",
    async (id) => {
      const registry = open();
      const { heartbeat_url, lease_token } = await registry.register({ id });
      const token = { "Lease-Token": lease_token };
      expect(heartbeat_url).toBe(`${path(id)}/heartbeat`);
      expect((await read(registry, id)).id).toBe(id);
      expect((await registry.post(heartbeat_url, { status: "busy" }, token)).status).toBe(200);
      expect((await registry.post(`${path(id)}/drain`)).body).toEqual({
        agent_id: id,
        desired_state: "drain",
      });
      expect((await registry.call("DELETE", `${path(id)}/drain`)).status).toBe(200);
      expect((await registry.call("DELETE", path(id), undefined, token)).status).toBe(204);
      expect((await registry.get(path(id))).status).toBe(404);
    },
  );

  it("takes any type: the source's five are names, not a list [0-05]", async () => {
    const registry = open();
    for (const type of ["agent", "skill", "command", "script", "hook", "of my own"]) {
      await registry.register({ id: type.replaceAll(" ", "-"), type });
      expect(await ids(registry, `agents?type=${encodeURIComponent(type)}`)).toHaveLength(1);
    }
  });

  it.each([
    [{ kind: "agent" }, "/kind", "unknown field"],
    [{ "a/b~c": 1 }, "/a~1b~0c", "unknown field"],
    [{ capabilities: ["ok", { name: "x", cost: 1 }] }, "/capabilities/1/cost", "unknown field"],
    [{ capabilities: [{ description: "no name" }] }, "/capabilities/0/name", ""],
    [{ capabilities: [{ ...REVIEW, cost_estimate: -1 }] }, "/capabilities/0/cost_estimate", ""],
    [{ capabilities: [""] }, "/capabilities/0", ""],
    [{ status: "sleeping" }, "/status", "available"],
    [{ status: "unreachable" }, "/status", "available"],
    [{ name: undefined }, "/name", ""],
    [{ type: "" }, "/type", ""],
    [{ type: "x".repeat(65) }, "/type", ""],
    [{ max_concurrency: -1 }, "/max_concurrency", ""],
    [{ max_concurrency: 1.5 }, "/max_concurrency", ""],
    [{ current_load: -1 }, "/current_load", ""],
    [{ current_load: "3" }, "/current_load", ""],
    [{ health_score: 1.001 }, "/health_score", ""],
    [{ health_score: -0.001 }, "/health_score", ""],
    [{ ttl_seconds: 59 }, "/ttl_seconds", "2 × heartbeat_interval_seconds"],
    [{ ttl_seconds: 1, heartbeat_interval_seconds: null }, "/ttl_seconds", ""],
    [{ ttl_seconds: 86_401 }, "/ttl_seconds", ""],
    [{ heartbeat_interval_seconds: 151 }, "/heartbeat_interval_seconds", "ttl_seconds (300)"],
    [{ heartbeat_interval_seconds: 0 }, "/heartbeat_interval_seconds", ""],
    [{ port: 0 }, "/port", ""],
    [{ endpoint: "not a url" }, "/endpoint", ""],
  ])("refuses a registration with %j, pointing at %s [0-08, 0-30]", async (fields, pointer, detail) => {
    const registry = open();
    const { status, body } = await registry.post<Refused>("/v1/agents", { ...MINIMAL, id: "a", ...fields });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(body.errors.map((error) => error.pointer)).toEqual([pointer]);
    expect(body.errors[0]?.detail).toContain(detail);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("takes every number at its limit [0-30]", async () => {
    const registry = open();
    for (const fields of [
      { ttl_seconds: 2, heartbeat_interval_seconds: 1 },
      { ttl_seconds: 86_400, heartbeat_interval_seconds: 43_200 },
      { health_score: 0, current_load: 0, max_concurrency: 0 },
      { health_score: 1, current_load: 1_000_000_000, max_concurrency: null },
      { type: "x".repeat(64), port: 1 },
    ]) {
      await registry.register({ id: "a", ...fields });
      expect(await read(registry, "a")).toMatchObject(fields);
    }
  });

  it.each(["available", "busy", "offline", "maintenance", "degraded", "unhealthy", "draining"])(
    "keeps the status %s from registration and from heartbeat [0-01]",
    async (status) => {
      const registry = open();
      await registry.register({ id: "a", status });
      const { lease_token } = await registry.register({ id: "b" });
      await registry.heartbeat("b", lease_token, { status });
      for (const id of ["a", "b"]) {
        expect(await read(registry, id)).toMatchObject({
          status,
          effective_status: status,
          status_reason: null,
        });
      }
    },
  );

  it("keeps registered_at when renewed, and takes a new one when replaced [0-25]", async () => {
    const registry = open();
    const first = await registry.register({ id: "a" });
    await registry.pass(10_000);
    const renewed = await registry.register({ id: "a" }, { "Lease-Token": first.lease_token });
    expect(renewed).toMatchObject({ outcome: "renewed", registered_at: "2126-01-01T00:00:00.000Z" });
    expect(renewed.expires_at).toBe("2126-01-01T00:05:10.000Z");

    await registry.pass(10_000);
    const replaced = await registry.register({ id: "a" });
    expect(replaced).toMatchObject({ outcome: "replaced", registered_at: "2126-01-01T00:00:20.000Z" });
    expect(replaced.lease_token).not.toBe(renewed.lease_token);
    expect((await read(registry, "a")).registered_at).toBe("2126-01-01T00:00:20.000Z");
  });

  it("answers 201 to a new epoch and 200 to a renewal, and says where the component is [0-25]", async () => {
    const registry = open();
    const admit = async (headers?: Record<string, string>) => {
      const answer = await registry.post<Registered>("/v1/agents", { ...MINIMAL, id: "a/b" }, headers);
      expect(answer.headers.get("Location")).toBe("/v1/agents/a%2Fb");
      return [answer.status, answer.body.outcome, answer.body.lease_token] as const;
    };
    const [status, outcome, token] = await admit();
    expect([status, outcome]).toEqual([201, "created"]);
    expect(await admit({ "Lease-Token": token })).toEqual([200, "renewed", token]);
    expect((await admit()).slice(0, 2)).toEqual([201, "replaced"]);
  });

  it.each([
    ["whole heartbeat", { status: "degraded", current_load: 7 }, {}],
    ["status alone", { status: "offline" }, { current_load: 5 }],
    ["load alone", { current_load: 0 }, { status: "busy" }],
    ["health alone", { health_score: 0.5 }, { status: "busy", current_load: 5 }],
    ["bare heartbeat", {}, { status: "busy", current_load: 5, health_score: 0.8, metadata: { zone: "a" } }],
  ])("leaves what a heartbeat does not say as it was: %s [0-26, 0-27, 0-29]", async (_, said, kept) => {
    const registry = open();
    const before = { status: "busy", current_load: 5, health_score: 0.8, metadata: { zone: "a" } };
    const { lease_token } = await registry.register({ id: "a", ...before });
    await registry.pass(1000);
    const { status, body } = await registry.heartbeat("a", lease_token, said);
    expect([status, body]).toEqual([
      200,
      {
        received: true,
        timestamp: "2126-01-01T00:00:01.000Z",
        next_interval_seconds: 30,
        expires_at: "2126-01-01T00:05:01.000Z",
        desired_state: "run",
      },
    ]);
    expect(await read(registry, "a")).toMatchObject({
      ...before,
      ...kept,
      ...said,
      last_seen: "2126-01-01T00:00:01.000Z",
      expires_at: "2126-01-01T00:05:01.000Z",
      registered_at: "2126-01-01T00:00:00.000Z",
    });
  });

  it.each([
    [{ current_load: -1 }, "/current_load"],
    [{ current_load: 1_000_000_001 }, "/current_load"],
    [{ health_score: 1.1 }, "/health_score"],
    [{ status: "gone" }, "/status"],
    [{ load: -1 }, "/load"],
    [{ pressure: 3 }, "/pressure"],
    [{ metadata: [] }, "/metadata"],
  ])("refuses the heartbeat %j, pointing at %s, and renews nothing [0-30]", async (said, pointer) => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.pass(1000);
    const { status, body } = await registry.heartbeat("a", lease_token, said);
    expect(status).toBe(400);
    expect((body as unknown as Refused).errors.map((error) => error.pointer)).toEqual([pointer]);
    expect((await read(registry, "a")).last_seen).toBe("2126-01-01T00:00:00.000Z");
  });

  it("shows a load above the maximum as it is, and as a ratio above 1 [0-09, 0-30]", async () => {
    const registry = open();
    await registry.register({ id: "a", current_load: 12, max_concurrency: 10 });
    expect(await read(registry, "a")).toMatchObject({ current_load: 12, load_ratio: 1.2 });
  });

  it("tells an unknown component to register, and one that expired long ago [0-28]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.pass(300_001);
    await sweepUntilReaped(registry);
    for (const [id, body] of [
      ["a", {}],
      ["a", { status: "busy", current_load: 1 }],
      ["nobody", {}],
      ["nobody", { status: "busy", current_load: 1 }],
    ] as const) {
      const answer = await registry.heartbeat(id, lease_token, body);
      expect([answer.status, answer.body["code"], answer.body["action"]]).toEqual([
        404,
        "agent_not_found",
        "register",
      ]);
    }
    expect(await ids(registry, "agents")).toEqual([]);
  });

  it("unregisters out of every list at once, and knows the id no more [0-31]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", type: "cost", capabilities: ["spot"] });
    const remove = () =>
      registry.call<Refused>("DELETE", path("a"), undefined, { "Lease-Token": lease_token });
    expect((await remove()).status).toBe(204);
    for (const query of [
      "agents",
      "agents?type=cost",
      "agents?capability=spot",
      "discover?capability=spot",
    ]) {
      expect(await ids(registry, query)).toEqual([]);
    }
    const { status, body } = await remove();
    expect([status, body.code]).toEqual([404, "agent_not_found"]);
  });

  it("leaves exactly one of twenty registrations of one id at once standing, whole [0-32]", async () => {
    const registry = open();
    const rivals: Registered[] = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        registry.register({ id: "a", type: `t${n}`, capabilities: [`c${n}`] }),
      ),
    );
    const { type } = await read(registry, "a");
    const winner = Number(type.slice(1));
    for (let n = 0; n < 20; n += 1) {
      const found = n === winner ? ["a"] : [];
      expect(await ids(registry, `agents?type=t${n}`)).toEqual(found);
      expect(await ids(registry, `discover?capability=c${n}`)).toEqual(found);
    }
    const beats = await Promise.all(rivals.map(({ lease_token }) => registry.heartbeat("a", lease_token)));
    expect(beats.map(({ status }) => status)).toEqual(rivals.map((_, n) => (n === winner ? 200 : 409)));
  });
});
