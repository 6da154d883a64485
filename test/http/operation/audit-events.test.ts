import { describe, expect, it } from "vitest";
import { sweep } from "../../../src/registry/sweep.ts";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { openServices } from "../../support/services.ts";
import { BACKENDS } from "../../support/stores.ts";

const OPERATOR = bearer("operator");
const FLEET = bearer("fleet");
const KEYS: TestKey[] = [
  { name: "fleet", token: "fleet", scopes: ["read", "write"], limits: { agents: 1 } },
  { name: "operator", token: "operator", scopes: ["admin"] },
];
const ACCESS = await keysAccess(KEYS);
const SHARED_ACCESS = await keysAccess([
  ...KEYS,
  { name: "elsewhere", token: "elsewhere", scopes: ["admin"], namespace: "elsewhere" },
]);

interface Told {
  type: string;
  kind: string;
  id: string;
  actor: object;
  [field: string]: unknown;
}

describe.each(BACKENDS)("the history on $backend", ({ openBackend }) => {
  const toldIn = async (registry: Registry, key = OPERATOR): Promise<Told[]> =>
    (await registry.get<{ events: Told[] }>("/v1/events", key)).body.events;
  const toldOf = async (registry: Registry, kind: string, key = OPERATOR) =>
    (await toldIn(registry, key)).filter((event) => event.kind === kind);

  it("has each move of a breaker, by whom, and is found by the provider's id too", async () => {
    const services = openServices({ backend: openBackend(), access: ACCESS });
    const as = (key: object, id: string) => ({ ...key, "X-Request-Id": id });
    const binding = { service: "llm", circuit_breaker: { failure_threshold: 1, recovery_timeout: 10 } };
    await services.register({ id: "a", services: [binding] }, FLEET);
    const outcome = { service: "llm", provider_id: "a", success: false };
    await services.post("/v1/outcomes", outcome, as(FLEET, "one"));
    await services.pass(10_000);
    await services.get("/v1/services/llm/resolve?dry_run=true", OPERATOR);
    await services.get("/v1/services/llm/resolve", as(OPERATOR, "two"));
    await services.post("/v1/runtime/services/circuit-breakers/reset", undefined, as(OPERATOR, "three"));
    const priority = { priority: "HIGH" };
    const why = { ...as(OPERATOR, "four"), "X-Rollcall-Reason": "b is slow" };
    expect((await services.call("PUT", "/v1/runtime/services/a/priority", priority, why)).status).toBe(200);

    const told = await toldOf(services, "service");
    const of = { id: "llm", provider: "a" };
    const operator = { type: "key", name: "operator" };
    expect(told).toMatchObject([
      {
        ...of,
        type: "breaker_opened",
        actor: { type: "key", name: "fleet" },
        request_id: "one",
        breaker: { failures: 1, successes: 0, openings: 1, half_open_at: "2126-01-01T00:00:10.000Z" },
      },
      { ...of, type: "breaker_half_opened", actor: operator, request_id: "two" },
      { ...of, type: "breaker_reset", actor: operator, request_id: "three" },
      {
        ...of,
        type: "override_set",
        actor: operator,
        request_id: "four",
        reason: "b is slow",
        handler: "*",
        changes: [{ field: "priority", from: 2, to: 1 }],
      },
    ]);
    const { body } = await services.get<{ events: Told[] }>("/v1/events?id=a", OPERATOR);
    expect(body.events.map(({ type }) => type)).toEqual(["registered", ...told.map(({ type }) => type)]);
  });

  it("has keys that were made, rotated and revoked, and nothing of their secrets", async () => {
    const registry = new Registry({ backend: openBackend(), access: ACCESS });
    const asked = { name: "ci", scopes: ["read"], limits: { agents: 3 }, expires_at: "2127-01-01T00:00:00Z" };
    const made = (await registry.post<{ id: string; secret: string }>("/v1/keys", asked, OPERATOR)).body;
    const rotated = (
      await registry.post<{ id: string; secret: string }>(
        `/v1/keys/${made.id}/rotate`,
        { overlap_seconds: 0 },
        OPERATOR,
      )
    ).body;
    await registry.call("DELETE", `/v1/keys/${rotated.id}`, undefined, OPERATOR);
    const told = await toldOf(registry, "key");
    const actor = { type: "key", name: "operator" };
    expect(told).toMatchObject([
      {
        type: "key_created",
        id: made.id,
        name: "ci",
        actor,
        changes: [
          { field: "scopes", to: ["read"] },
          { field: "limits", to: { agents: 3 } },
          { field: "expires_at", to: "2127-01-01T00:00:00.000Z" },
        ],
      },
      {
        type: "key_rotated",
        id: made.id,
        name: "ci",
        actor,
        changes: [{ field: "id", from: made.id, to: rotated.id }],
      },
      { type: "key_revoked", id: rotated.id, name: "ci", actor },
    ]);
    const text = JSON.stringify(told);
    for (const secret of [made.secret, rotated.secret]) expect(text).not.toContain(secret.slice(-43));
  });

  it("counts refused keys, and tells of them once a minute, the sweep of the last", async () => {
    const registry = new Registry({ backend: openBackend(), access: ACCESS });
    const refused = async (times: number) => {
      for (let nth = 0; nth < times; nth += 1)
        expect((await registry.get("/v1/agents", bearer("guess"))).status).toBe(401);
    };
    const counts = async () => (await toldOf(registry, "namespace")).map(({ count }) => count);
    await refused(3);
    expect(await toldOf(registry, "namespace")).toMatchObject([
      { type: "key_refused", id: "default", count: 1, actor: { type: "registry" }, request_id: null },
    ]);
    await registry.pass(59_999);
    await refused(1);
    expect(await counts()).toEqual([1]);
    await registry.pass(1);
    await refused(2);
    expect(await counts()).toEqual([1, 4]);
    await registry.pass(59_999);
    await sweep(registry.open("default"), registry.now);
    expect(await counts()).toEqual([1, 4]);
    await registry.pass(1);
    await sweep(registry.open("default"), registry.now);
    await sweep(registry.open("default"), registry.now);
    expect(await counts()).toEqual([1, 4, 1]);
  });

  it("has refused keys of the namespace that they say they are of, and of no other", async () => {
    const registry = new Registry({ backend: openBackend(), access: SHARED_ACCESS });
    const secretOf = (namespace: string) => `rck_${namespace}_${"0".repeat(16)}_${"x".repeat(43)}`;
    for (const token of ["guess", secretOf("nowhere"), secretOf("elsewhere")])
      expect((await registry.get("/v1/agents", bearer(token))).status).toBe(401);
    expect((await registry.get("/v1/agents")).status).toBe(401);
    expect(await toldIn(registry)).toEqual([]);
    expect(await registry.backend.open("nowhere").latest(1)).toEqual([]);
    const [told, ...rest] = await toldIn(registry, bearer("elsewhere"));
    expect(told).toMatchObject({ type: "key_refused", id: "elsewhere", count: 1 });
    expect(rest).toEqual([]);
  });

  it("has each limit that was in the way once in five minutes, and whose it is", async () => {
    const registry = new Registry({
      backend: openBackend(),
      access: ACCESS,
      env: { LIMITS: '{"agents":2}' },
    });
    const refused = async (id: string, key: Record<string, string>) => {
      const { status } = await registry.post("/v1/agents", { id, name: id, type: "worker" }, key);
      expect(status).toBe(403);
    };
    await registry.register({ id: "a" }, FLEET);
    await refused("b", FLEET);
    await refused("c", FLEET);
    await registry.register({ id: "d" }, OPERATOR);
    await refused("e", OPERATOR);
    const own = { type: "quota_reached", kind: "namespace", id: "default" };
    const ofKey = { ...own, name: "fleet", quota: { limit: "agents", of: "key", count: 1, max: 1 } };
    const ofAll = { ...own, quota: { limit: "agents", of: "namespace", count: 2, max: 2 } };
    const told = await toldOf(registry, "namespace");
    expect(told).toMatchObject([{ ...ofKey, actor: { type: "key", name: "fleet" } }, ofAll]);
    expect(told[1]).not.toHaveProperty("name");
    await registry.pass(300_000);
    await registry.register({ id: "d" }, OPERATOR);
    await refused("b", OPERATOR);
    expect((await toldOf(registry, "namespace")).map(({ type }) => type)).toHaveLength(3);
  });
});
