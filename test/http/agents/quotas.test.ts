import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const SMALL = bearer("small");
const OTHER = bearer("other");
const ACCESS = await keysAccess([
  {
    name: "small",
    token: "small",
    scopes: ["read", "write"],
    limits: { agents: 2, toolsets: 1, bytes: 3000 },
  },
  { name: "other", token: "other", scopes: ["read", "write"] },
  { name: "admin", token: "admin", scopes: ["admin"] },
  { name: "elsewhere", token: "elsewhere", scopes: ["read", "write"], namespace: "elsewhere" },
]);

describe.each(BACKENDS)("limits on $backend", ({ openBackend }) => {
  const open = (env: Record<string, string> = {}) =>
    new Registry({ backend: openBackend(), access: ACCESS, env });
  const agent = (id: string, fields: object = {}) => ({ id, name: "agent", type: "worker", ...fields });
  const refusal = (quota: object) => ({ status: 403, body: { code: "quota_exceeded", quota } });

  it("a key registers as many agents as it may have; other keys and its own heartbeats go on", async () => {
    const registry = open();
    const first = await registry.register(agent("a"), SMALL);
    await registry.register(agent("b"), SMALL);
    const third = await registry.post("/v1/agents", agent("c"), SMALL);
    expect(third).toMatchObject(refusal({ limit: "agents", of: "key", count: 2, max: 2 }));
    expect(third.body["detail"]).toBe('The key "small" has 2 agents, and may have 2.');
    expect((await registry.get("/v1/agents/c", SMALL)).status).toBe(404);
    const called = await registry.post(
      "/v1/agents/a/heartbeat",
      {},
      { ...SMALL, "Lease-Token": first.lease_token },
    );
    expect(called.status).toBe(200);
    expect((await registry.post("/v1/agents", agent("c"), OTHER)).status).toBe(201);
  });

  it("toolsets are counted by themselves", async () => {
    const registry = open();
    const toolset = (name: string) => ({
      name,
      tools: [{ name: "tool", description: "A tool", inputSchema: { type: "object" } }],
    });
    expect((await registry.post("/v1/toolsets", toolset("one"), SMALL)).status).toBe(201);
    const second = await registry.post("/v1/toolsets", toolset("two"), SMALL);
    expect(second).toMatchObject(refusal({ limit: "toolsets", of: "key", count: 1, max: 1 }));
    expect((await registry.post("/v1/agents", agent("a"), SMALL)).status).toBe(201);
  });

  it("a heartbeat that would make an entry too large for its key changes nothing", async () => {
    const registry = open();
    const { lease_token } = await registry.register(agent("a"), SMALL);
    const headers = { ...SMALL, "Lease-Token": lease_token };
    const grown = await registry.post(
      "/v1/agents/a/heartbeat",
      { metadata: { text: "x".repeat(3000) } },
      headers,
    );
    expect(grown).toMatchObject(refusal({ limit: "bytes", of: "key", max: 3000 }));
    expect((await registry.get("/v1/agents/a", SMALL)).body["metadata"]).toEqual({});
    expect((await registry.post("/v1/agents/a/heartbeat", { metadata: { text: "x" } }, headers)).status).toBe(
      200,
    );
  });

  it("a namespace's limits hold for all its keys together, and for each namespace by itself", async () => {
    const registry = open({ LIMITS: '{"agents":2}' });
    await registry.register(agent("a"), SMALL);
    await registry.register(agent("b"), OTHER);
    const third = await registry.post("/v1/agents", agent("c"), OTHER);
    expect(third).toMatchObject(refusal({ limit: "agents", of: "namespace", count: 2, max: 2 }));
    expect((await registry.post("/v1/agents", agent("c"), bearer("elsewhere"))).status).toBe(201);
  });

  it("an entry has no more terms than KEY_LIMITS says", async () => {
    const registry = open({ KEY_LIMITS: '{"entry_terms":4}' });
    // Its kind, its type, and its tags.
    expect((await registry.post("/v1/agents", agent("a", { tags: ["x", "y"] }), OTHER)).status).toBe(201);
    const more = await registry.post("/v1/agents", agent("b", { tags: ["x", "y", "z"] }), OTHER);
    expect(more).toMatchObject(refusal({ limit: "entry_terms", of: "key", count: 5, max: 4 }));
  });

  it("a key that was made while running has its own, and so has what it is rotated to", async () => {
    const registry = open();
    const admin = bearer("admin");
    const asked = { name: "made", scopes: ["read", "write"], limits: { agents: 1 } };
    const { body: made } = await registry.post<{ id: string; secret: string; limits: object }>(
      "/v1/keys",
      asked,
      admin,
    );
    expect(made.limits).toEqual({ agents: 1 });
    await registry.register(agent("a"), bearer(made.secret));
    const told = refusal({ limit: "agents", of: "key", count: 1, max: 1 });
    expect(await registry.post("/v1/agents", agent("b"), bearer(made.secret))).toMatchObject(told);
    const { body: next } = await registry.post<{ secret: string }>(`/v1/keys/${made.id}/rotate`, {}, admin);
    expect(await registry.post("/v1/agents", agent("b"), bearer(next.secret))).toMatchObject(told);
    expect((await registry.post("/v1/agents", agent("b"), OTHER)).status).toBe(201);
  });

  it("what is unregistered, or reaped, makes room", async () => {
    const registry = open();
    const { lease_token } = await registry.register(agent("a", { ttl_seconds: 60 }), SMALL);
    await registry.register(agent("b", { ttl_seconds: 60 }), SMALL);
    const gone = await registry.call("DELETE", "/v1/agents/a", undefined, {
      ...SMALL,
      "Lease-Token": lease_token,
    });
    expect(gone.status).toBe(204);
    expect((await registry.post("/v1/agents", agent("c", { ttl_seconds: 60 }), SMALL)).status).toBe(201);
  });

  it("a key that makes up terms without end is refused by name at its cap, and other keys notice nothing", async () => {
    const registry = open({ KEY_LIMITS: '{"terms":1250}' });
    const { lease_token } = await registry.register(agent("a"), SMALL);
    const endless = (entry: number) =>
      agent(`static-${entry}`, {
        heartbeat_interval_seconds: null,
        type: `type-${entry}`,
        capabilities: Array.from({ length: 100 }, (_, n) => `capability-${entry}-${n}`),
      });
    const refused: unknown[] = [];
    for (let entry = 0; entry < 15; entry += 1) {
      const { status, body } = await registry.post("/v1/agents", endless(entry), OTHER);
      if (status !== 201) refused.push(body);
      const headers = { ...SMALL, "Lease-Token": lease_token };
      expect((await registry.post("/v1/agents/a/heartbeat", {}, headers)).status).toBe(200);
    }
    // Each brings 101, and 12 of them fit.
    const told = { code: "quota_exceeded", quota: { limit: "terms", of: "key", count: 1212, max: 1250 } };
    expect(refused).toMatchObject([told, told, told]);
    const { body } = await registry.get<{ total_matches: number }>("/v1/discover?type=type-11", SMALL);
    expect(body.total_matches).toBe(1);
  });
});
