import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aRegistration } from "../../support/arbitraries.ts";
import { exportFrom, KEPT_IN, type Line, restoreTo, sendLines } from "../../support/backup.ts";
import { interrupted } from "../../support/interrupted.ts";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { type Registered, Registry } from "../../support/registry.ts";
import { runs } from "../../support/seed.ts";
import { redisBackend } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

const NOTHING = { agents: 0, drains: 0, overrides: 0, toolsets: 0 };
const within = (namespace: string) => ({ "Rollcall-Namespace": namespace });
const path = (id: string) => `/v1/agents/${encodeURIComponent(id)}`;

/** An agent of a random registry, and what its operator did. */
const anAgent = fc.record({
  fields: aRegistration(),
  isStatic: fc.boolean(),
  services: fc.subarray([{ service: "llm" }, { service: "llm", handler: "h", priority: "LOW" }]),
  isDrained: fc.boolean(),
  isPreferred: fc.boolean(),
});
const aFleet = fc.record({
  agents: fc.array(anAgent, { maxLength: 4 }),
  imported: fc.subarray(["one", "two"]),
  toolsets: fc.subarray(["a/tools", "b/tools"]),
});

/** What is to be the same of two exports of one registry: all but ages. */
const shown = (lines: readonly Line[]): unknown[] =>
  lines.slice(1).map((line) => {
    if (line.kind !== "agent") return line;
    const { last_seen: _, age_ms: __, ...agent } = line.agent;
    return { ...line, agent };
  });

/** What is in a backup without the agents that call in, and what is said of them. */
function withoutTheLiving(lines: readonly Line[]): Line[] {
  const living = new Set(
    lines.flatMap((line) => (line.kind === "agent" && !line.static ? [line.agent.id] : [])),
  );
  const kept = lines.filter((line) => {
    if (line.kind === "agent") return line.static;
    if (line.kind === "drain") return !living.has(line.agent_id);
    return line.kind !== "override" || !living.has(line.provider_id);
  });
  const countOf = (kind: Line["kind"]) => kept.filter((line) => line.kind === kind).length;
  return kept.map((line) =>
    line.kind === "end"
      ? {
          kind: "end",
          agents: countOf("agent"),
          drains: countOf("drain"),
          overrides: countOf("override"),
          toolsets: countOf("toolset"),
        }
      : line,
  );
}

describe.each(KEPT_IN)("a backup on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("restores all but the living as it was, changes nothing on a dry run, and nothing a second time", async () => {
    const registry = open();
    let round = 0;
    const property = fc.asyncProperty(aFleet, ({ agents, imported, toolsets }) =>
      asOwnRequest(async () => {
        const [there, here] = [within(`there-${(round += 1)}`), within(`here-${round}`)];
        for (const [i, { fields, isStatic, services, isDrained, isPreferred }] of agents.entries()) {
          const id = `agent/${i}`;
          const interval = isStatic
            ? { heartbeat_interval_seconds: null }
            : { heartbeat_interval_seconds: 30 };
          await registry.register({ ...fields, id, services, ...interval }, there);
          if (isDrained) await registry.post(`${path(id)}/drain`, undefined, there);
          if (!isPreferred || services.length === 0) continue;
          const priority = `/v1/runtime/services/${encodeURIComponent(id)}/priority?handler=${services[0]!.handler ?? "*"}`;
          expect((await registry.call("PUT", priority, { priority: "HIGH" }, there)).status).toBe(200);
        }
        const components = imported.map((name) => ({ type: "skill", name, activated: true }));
        await registry.post("/v1/agents/import?static=true&source=file", { components }, there);
        for (const name of toolsets) await registry.post("/v1/toolsets", { name, tools: [ECHO] }, there);

        const backup = await exportFrom(registry, "", there);
        const nothing = await exportFrom(registry, "", here);
        const plan = await restoreTo(registry, backup, { headers: here, query: "?dry_run=true" });
        expect(shown(await exportFrom(registry, "", here))).toEqual(shown(nothing));

        await registry.pass(1000);
        const done = await restoreTo(registry, backup, { headers: here });
        expect(done).toEqual({ ...plan, dry_run: false });
        const after = await exportFrom(registry, "", here);
        const expected = withoutTheLiving(backup);
        expect(shown(after)).toEqual(shown(expected));
        expect(done).toMatchObject({ restored: countsAt(expected), kept: NOTHING, failed: [] });

        const again = await restoreTo(registry, backup, { headers: here });
        expect(again).toMatchObject({ restored: NOTHING, kept: done.restored, waiting: done.waiting });
        expect(shown(await exportFrom(registry, "", here))).toEqual(shown(after));
      }),
    );
    await fc.assert(property, { numRuns: runs(8) });
  });

  it("leaves alone what is there, alive or not as it was", async () => {
    const registry = open();
    await registry.register({ id: "a", heartbeat_interval_seconds: null });
    await registry.register({ id: "b", heartbeat_interval_seconds: null });
    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });
    const backup = await exportFrom(registry);
    await registry.register({ id: "a", name: "a process" });
    await registry.register({ id: "b", heartbeat_interval_seconds: null, name: "another" });
    await registry.post("/v1/toolsets", { name: "tools", description: "newer", tools: [ECHO] });
    const before = await exportFrom(registry);
    expect(await restoreTo(registry, backup)).toMatchObject({
      restored: NOTHING,
      kept: { ...NOTHING, agents: 2, toolsets: 1 },
    });
    expect(await exportFrom(registry)).toEqual(before);
  });

  it("leaves alone who registers between its look and its write", async () => {
    const backend = openBackend();
    const other = new Registry({ backend });
    await other.register({ id: "a", heartbeat_interval_seconds: null }, within("there"));
    await other.post("/v1/toolsets", { name: "tools", tools: [ECHO] }, within("there"));
    const backup = await exportFrom(other, "", within("there"));
    const [header, agent, toolset] = backup;
    const tokens: string[] = [];
    for (const [line, join] of [
      [agent!, () => other.register({ id: "a", name: "quicker" })],
      [
        toolset!,
        async () => (await other.post<Registered>("/v1/toolsets", { name: "tools", tools: [ECHO] })).body,
      ],
    ] as const) {
      const joining = async () => void tokens.push((await join()).lease_token);
      const registry = new Registry({ backend: interrupted(backend, joining) });
      expect(await restoreTo(registry, [header!, line])).toMatchObject({ restored: NOTHING, failed: [] });
    }
    expect((await other.get("/v1/agents/a")).body).toMatchObject({ name: "quicker" });
    const [agentsToken, toolsetsToken] = tokens.map((token) => ({ "Lease-Token": token }));
    expect((await other.post("/v1/agents/a/heartbeat", {}, agentsToken)).status).toBe(200);
    expect((await other.post("/v1/toolsets/tools/claims", { consumer: "c" }, toolsetsToken)).status).toBe(
      200,
    );
  });

  it("keeps drains and overrides waiting for agents that are not back, and puts them back when they are", async () => {
    const registry = open();
    const agent = { id: "a", services: [{ service: "llm" }] };
    await registry.register(agent);
    await registry.post("/v1/agents/a/drain");
    await registry.call("PUT", "/v1/runtime/services/a/priority", { priority: "HIGH" });
    const backup = await exportFrom(registry);
    const here = { headers: within("here") };
    expect(await restoreTo(registry, backup, here)).toMatchObject({
      restored: NOTHING,
      waiting: { agents: 1, drains: 1, overrides: 1, toolsets: 0 },
    });
    await registry.register(agent, here.headers);
    expect(await restoreTo(registry, backup, here)).toMatchObject({
      restored: { ...NOTHING, drains: 1, overrides: 1 },
      kept: { ...NOTHING, agents: 1 },
      waiting: NOTHING,
    });
    expect(shown(await exportFrom(registry, "", here.headers))).toEqual(shown(backup));
  });

  it("lets whoever held an agent or a toolset last take over, and nobody who held it before", async () => {
    const registry = open();
    const here = within("here");
    const agent = { id: "a", name: "a", type: "b", heartbeat_interval_seconds: null };
    const toolset = { name: "tools", tools: [ECHO] };
    const registrations = [
      ["/v1/agents", agent, "/v1/agents/a/heartbeat"],
      ["/v1/toolsets", toolset, "/v1/toolsets/tools/claims"],
    ] as const;
    for (const [collection, fields, holding] of registrations) {
      const token = async () => (await registry.post<Registered>(collection, fields)).body.lease_token;
      const [superseded, last] = [await token(), await token()].map((sent) => ({
        ...here,
        "Lease-Token": sent,
      }));
      await registry.pass(1000);
      await restoreTo(registry, await exportFrom(registry), { headers: here });
      const call = (headers: Record<string, string>) => registry.post(holding, { consumer: "c" }, headers);
      const hold = (headers: Record<string, string>) =>
        holding.endsWith("claims") ? call(headers) : registry.post(holding, {}, headers);

      expect(await hold(superseded!)).toMatchObject({ status: 409, body: { action: "stop" } });
      expect(await registry.post(collection, fields, superseded)).toMatchObject({ status: 409 });
      expect(await hold(last!)).toMatchObject({ status: 404, body: { action: "register" } });
      expect((await registry.post(collection, fields, last)).status).toBe(201);
      expect((await hold(last!)).status).toBe(200);
      expect(await hold(superseded!)).toMatchObject({ status: 409 });
    }
  });

  it("brings back what was unregistered since, which no token of before holds", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a", heartbeat_interval_seconds: null });
    const toolset = { name: "tools", tools: [ECHO] };
    const { body } = await registry.post<{ lease_token: string }>("/v1/toolsets", toolset);
    const backup = await exportFrom(registry);
    await registry.pass(1000);
    const tokens = [lease_token, body.lease_token].map((token) => ({ "Lease-Token": token }));
    await registry.call("DELETE", "/v1/agents/a", undefined, tokens[0]);
    await registry.call("DELETE", "/v1/toolsets/tools", undefined, tokens[1]);
    expect(await restoreTo(registry, backup)).toMatchObject({ restored: { agents: 1, toolsets: 1 } });
    expect((await registry.get("/v1/agents/a")).status).toBe(200);
    expect(await registry.post("/v1/agents/a/heartbeat", {}, tokens[0])).toMatchObject({ status: 409 });
    const renewal = { id: "a", name: "agent", type: "worker" };
    expect(await registry.post("/v1/agents", renewal, tokens[0])).toMatchObject({ status: 409 });
    expect(await registry.post("/v1/toolsets", toolset, tokens[1])).toMatchObject({ status: 409 });
    expect((await registry.post("/v1/toolsets", toolset)).status).toBe(201);
  });
});

function countsAt(lines: readonly Line[]): object {
  const end = lines.at(-1);
  if (end?.kind !== "end") throw new Error("cut off");
  const { kind: _, ...counts } = end;
  return counts;
}

describe("a restore", () => {
  const agent = (id: string, fields: object = {}) => ({
    kind: "agent",
    agent: { id, name: "a", type: "b", heartbeat_interval_seconds: null, ...fields },
  });

  it("refuses single lines, by their numbers and for what is wrong there, and restores the others", async () => {
    const registry = new Registry();
    const { body } = await sendLines(
      registry,
      [
        JSON.stringify(agent("a")),
        "{half a line",
        "",
        JSON.stringify(agent("b", { capabilities: [{ name: "" }] })),
        JSON.stringify({ kind: "agent", agent: { name: "a", type: "b" } }),
        JSON.stringify(agent("a")),
        JSON.stringify({ kind: "tool" }),
        JSON.stringify({
          kind: "toolset",
          toolset: { name: "t", tools: [{ name: "x", payload_schema: { type: 5 } }] },
        }),
        '{"kind":"drain","agent_id":"a","since":12345678901234567890}',
        JSON.stringify(agent("c", { registered_at: "yesterday" })),
        JSON.stringify({
          kind: "override",
          provider_id: "a",
          service: "s",
          priority: 4,
          priority_group: 0,
          strategy: "fallback",
        }),
        JSON.stringify(agent("d", { colour: "red" })),
        JSON.stringify(agent("e", { metadata: { text: "x".repeat(17_000) } })),
      ].join("\n"),
    );
    const failed = (body as { failed: { line: number; code: string; errors: { pointer: string }[] }[] })
      .failed;
    expect(body).toMatchObject({ restored: { ...NOTHING, agents: 1 } });
    expect(failed.map(({ line, errors }) => [line, errors[0]!.pointer])).toEqual([
      [2, ""],
      [4, "/agent/capabilities/0/name"],
      [5, "/agent/id"],
      [6, ""],
      [7, "/kind"],
      [8, "/toolset/tools/0/payload_schema/type"],
      [9, "/since"],
      [10, "/agent/registered_at"],
      [11, "/priority"],
      [12, "/agent/colour"],
      [13, "/agent/metadata"],
    ]);
  });

  it("refuses all of a backup in another format, of too many lines or bytes, or of another type", async () => {
    const registry = new Registry();
    const other = `${JSON.stringify(agent("a"))}\n{"kind":"header","format":2}`;
    expect(await sendLines(registry, other)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/2/format" }] },
    });
    const { status, body } = await sendLines(registry, '{"kind":"end"}\n'.repeat(1001));
    expect([status, body]).toMatchObject([400, { errors: [{ pointer: "" }] }]);
    expect(await sendLines(registry, " ".repeat(1_048_577))).toMatchObject({ status: 413 });
    expect(await sendLines(registry, "", { headers: { "Content-Type": "text/csv" } })).toMatchObject({
      status: 415,
    });
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("gives what it restores back to the key that had it, within what that key may have", async () => {
    const keys: TestKey[] = [
      { name: "root", token: "root", scopes: ["admin"] },
      { name: "robin", token: "robin", scopes: ["write"] },
      { name: "sam", token: "sam", scopes: ["write"] },
    ];
    const registry = new Registry({ access: await keysAccess(keys), env: { KEY_LIMITS: '{"agents":1}' } });
    const lines = [agent("a", { owner: "robin" }), agent("b", { owner: "robin" }), agent("c")];
    expect(await restoreTo(registry, lines, { headers: bearer("root") })).toMatchObject({
      restored: { agents: 2 },
      failed: [
        { line: 2, kind: "agent", id: "b", code: "quota_exceeded", quota: { limit: "agents", of: "key" } },
      ],
    });
    const registration = { id: "a", name: "a", type: "b" };
    expect(await registry.post("/v1/agents", registration, bearer("sam"))).toMatchObject({ status: 403 });
    expect(await registry.post("/v1/agents", registration, bearer("robin"))).toMatchObject({ status: 201 });
  });

  it("says in the history who restored what", async () => {
    const registry = new Registry();
    await restoreTo(registry, [agent("a"), { kind: "drain", agent_id: "a" }]);
    const { body } = await registry.get<{ events: object[] }>("/v1/events");
    expect(body.events).toMatchObject([
      { type: "restored", kind: "agent", id: "a", actor: { type: "anyone" } },
      { type: "drain_requested", id: "a" },
    ]);
  });

  it("takes two round trips to the store, however many agents there are", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const lines = Array.from({ length: 100 }, (_, i) => agent(`a${i}`));
    const { requests } = await backend.bridge.cost(() => restoreTo(registry, lines));
    expect(requests).toBe(2);
    const again = await backend.bridge.cost(() => restoreTo(registry, lines));
    expect(again.requests).toBe(1);
  });
});
