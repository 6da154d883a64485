import { describe, expect, it } from "vitest";
import { expectExactIndexes } from "../../support/audit.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets, type Toolsets } from "../../support/toolsets.ts";

/** What an agent and a toolset may have in common. */
const SHARED = { id: "worker/a", tags: ["eu", "toolset", "agent"] };
const AGENT = { id: SHARED.id, tags: SHARED.tags, type: "toolset", capabilities: ["echo", "toolset"] };
const TOOLSET = { name: SHARED.id, tags: SHARED.tags };
const agentPath = `/v1/agents/${encodeURIComponent(SHARED.id)}`;
const toolsetPath = `/v1/toolsets/${encodeURIComponent(SHARED.id)}`;

/** An agent and a healthy toolset of one id, under the same tags. */
async function namesakes(backend: Backend) {
  const registry = openToolsets({ backend });
  const agent = await registry.register(AGENT);
  const toolset = await registry.serve(TOOLSET);
  return { registry, agent, toolset };
}

/** All that is said of agents, but for when; and all that is said of toolsets. */
async function agentsSide(registry: Toolsets) {
  const paths = [
    agentPath,
    "/v1/agents",
    "/v1/agents?tag=eu",
    "/v1/discover?tag=toolset",
    "/v1/discover?capability=echo&exact=true",
    "/v1/capabilities",
    "/v1/stats",
    "/agents",
    "/agents/type/toolset",
    "/v1/runtime/services",
  ];
  const bodies = await Promise.all(paths.map(async (path) => (await registry.get(path)).body));
  return bodies.map((body) =>
    JSON.stringify(body, (key, value: unknown) => (key.endsWith("_ms") ? 0 : value)),
  );
}
const toolsetsSide = async (registry: Toolsets) => {
  const paths = [toolsetPath, "/v1/toolsets", "/v1/toolsets?tag=eu&tag=agent", "/v1/toolsets/search?q=agent"];
  return Promise.all(paths.map(async (path) => JSON.stringify((await registry.get(path)).body)));
};

describe.each(BACKENDS)("an agent and a toolset of one id on $backend", ({ openBackend }) => {
  it("are counted and found apart", async () => {
    const { registry } = await namesakes(openBackend());
    const { body: stats } = await registry.get("/v1/stats");
    expect(stats).toMatchObject({ total_components: 1, total_capabilities: 2, by_type: { toolset: 1 } });
    for (const path of ["/v1/agents?tag=eu", "/v1/agents?type=toolset", "/agents", "/v1/toolsets?tag=eu"]) {
      expect([path, (await registry.get(path)).body["count"]]).toEqual([path, 1]);
    }
    const { body: found } = await registry.get("/v1/discover?tag=agent");
    expect(found).toMatchObject({ total_matches: 1, agents: [{ id: SHARED.id }] });
    expect((await registry.get("/v1/capabilities")).body).toStrictEqual({
      capabilities: [
        { name: "echo", agents: 1 },
        { name: "toolset", agents: 1 },
      ],
      count: 2,
      next_cursor: null,
    });
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });

  it("change, and go, without the other noticing", async () => {
    const { registry, agent, toolset } = await namesakes(openBackend());
    const agents = await agentsSide(registry);
    await registry.offer({ ...TOOLSET, tags: ["us"] }, { "Lease-Token": toolset });
    const anew = await registry.serve(TOOLSET);
    await registry.call("DELETE", toolsetPath, undefined, { "Lease-Token": anew });
    expect(await agentsSide(registry)).toEqual(agents);

    await registry.serve(TOOLSET);
    const toolsets = await toolsetsSide(registry);
    await registry.post(`${agentPath}/drain`);
    await registry.heartbeat(SHARED.id, agent.lease_token, { status: "offline", metadata: { a: 1 } });
    await registry.register({ ...AGENT, tags: ["us"] });
    await registry.post(`/agents/${encodeURIComponent(SHARED.id)}/unregister`);
    expect(await toolsetsSide(registry)).toEqual(toolsets);
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });

  it("take only their own tokens", async () => {
    const { registry, agent, toolset } = await namesakes(openBackend());
    const wrong = { "Lease-Token": agent.lease_token };
    const refused = [
      await registry.heartbeat(SHARED.id, toolset),
      await registry.call("DELETE", agentPath, undefined, { "Lease-Token": toolset }),
      await registry.call("DELETE", toolsetPath, undefined, wrong),
      await registry.claim(agent.lease_token, {}, SHARED.id),
    ];
    // Of two of one instant, chance makes the one older or newer.
    for (const { status } of refused) expect([404, 409]).toContain(status);
  });

  it("tell of themselves by kind", async () => {
    const { registry } = await namesakes(openBackend());
    const { body } = await registry.get<{ events: { kind: string; id: string }[] }>("/v1/events");
    expect(body.events.map(({ kind, id }) => [kind, id])).toEqual([
      ["agent", SHARED.id],
      ["toolset", SHARED.id],
    ]);
  });
});

describe.each(BACKENDS)("a sweep on $backend", ({ openBackend }) => {
  it("reaps agents, and no toolset, however long it has been silent", async () => {
    const { registry } = await namesakes(openBackend());
    await registry.offer({ name: "never", tags: ["eu"] });
    const before = await registry.get(toolsetPath);
    await registry.pass(365 * 86_400_000);
    const reaped: string[] = [];
    for (let minute = 0; minute <= 6; minute += 1) {
      const { body } = await registry.post<{ reaped: string[] }>("/v1/sweep");
      expect(body).toMatchObject({ complete: true, healed: 0 });
      reaped.push(...body.reaped);
      await registry.pass(60_000);
    }
    expect(reaped).toEqual([SHARED.id]);
    const { body } = await registry.get<{ health: { healthy: boolean } }>(toolsetPath);
    expect(body).toMatchObject({
      ...before.body,
      health: { healthy: false, age_ms: 365 * 86_400_000 + 7 * 60_000 },
    });
    expect((await registry.get("/v1/toolsets?tag=eu")).body).toMatchObject({ count: 2 });
    const { body: told } = await registry.get<{ events: { type: string; kind: string }[] }>("/v1/events");
    // What was told a year ago is forgotten.
    const ofEntries = told.events.filter(({ type }) => !/_(un)?(available|healthy)$/.test(type));
    expect(ofEntries.map(({ kind, type }) => `${kind} ${type}`)).toEqual(["agent lapsed", "agent reaped"]);
    // Nobody has its capabilities any more, so they are not available again.
    expect(told.events.map(({ type }) => type)).not.toContain("capability_available");
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });
});

describe.each(BACKENDS)("toolsets of two namespaces on $backend", ({ openBackend }) => {
  it("have a name, a tag, a health and a queue each to themselves [3-22]", async () => {
    const access = await keysAccess([
      { name: "robin", token: "here", scopes: ["admin"] },
      { name: "robin", token: "there", scopes: ["admin"], namespace: "elsewhere" },
    ]);
    const registry = openToolsets({ backend: openBackend(), access });
    const claim = (key: string, token: string) =>
      registry.post<{ messages: { type: string; ping_id: string }[] }>(
        "/v1/toolsets/tools/claims",
        { consumer: "c1", max: 10 },
        { ...bearer(key), "Lease-Token": token },
      );
    const here = await registry.offer({ tags: ["eu"] }, bearer("here"));
    expect((await registry.get("/v1/toolsets/tools", bearer("there"))).status).toBe(404);
    expect((await registry.get("/v1/toolsets?tag=eu", bearer("there"))).body).toMatchObject({ count: 0 });
    expect((await registry.get("/v1/toolsets/search?q=t", bearer("there"))).body).toMatchObject({ count: 0 });

    const there = await registry.offer({ description: "another" }, bearer("there"));
    const { body } = await claim("here", here);
    const pong = { ping_id: body.messages[0]!.ping_id };
    const across = await registry.post("/v1/toolsets/tools/pong", pong, bearer("there"));
    expect([across.status, across.body["code"]]).toEqual([410, "stale_registration"]);
    expect((await registry.post("/v1/toolsets/tools/pong", pong, bearer("here"))).status).toBe(200);
    const health = async (key: string) =>
      (await registry.get("/v1/toolsets/tools", bearer(key))).body["health"];
    expect(await health("here")).toMatchObject({ healthy: true });
    expect(await health("there")).toMatchObject({ healthy: false, last_pong: null });

    const called = await registry.callTool(undefined, undefined, { headers: bearer("here") });
    expect((await registry.result(called.body, "", bearer("there"))).status).toBe(404);
    const types = async (key: string, token: string) =>
      (await claim(key, token)).body.messages.map(({ type }) => type);
    expect(await types("there", there)).toEqual(["ping"]);
    expect(await types("here", here)).toEqual(["call"]);

    await registry.call("DELETE", "/v1/toolsets/tools", undefined, bearer("there"));
    expect((await registry.get("/v1/toolsets/tools", bearer("here"))).body).toMatchObject({ tags: ["eu"] });
  });

  it("under open access are told apart by the header", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.offer({}, { "Rollcall-Namespace": "elsewhere" });
    expect((await registry.get("/v1/toolsets")).body).toMatchObject({ count: 0 });
    const there = await registry.get("/v1/toolsets", { "Rollcall-Namespace": "elsewhere" });
    expect(there.body).toMatchObject({ count: 1 });
    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });
    expect((await registry.get("/v1/toolsets")).body).toMatchObject({ count: 1 });
  });
});
