import { describe, expect, it } from "vitest";
import { sha256, toBase64url } from "../../../src/registry/digest.ts";
import { discoverIds, sweep } from "../../support/agents.ts";
import { entryOf } from "../../support/entries.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { type Registered, Registry, START } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { put } from "../../store/conformance/opened.ts";

const FIELDS = { name: "agent", type: "worker" };
const WHOLE = { status: "busy", current_load: 1 };

describe.each(BACKENDS)("on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });
  const post = (registry: Registry, fields: object, headers: Record<string, string>) =>
    registry.post<Registered & { code?: string; action?: string }>(
      "/v1/agents",
      { ...FIELDS, ...fields },
      headers,
    );

  describe("an epoch", () => {
    it("is the store's clock, whatever the isolate's says", async () => {
      for (const skew of [600_000, -600_000]) {
        const registry = new Registry({ backend: openBackend(START), startAt: START + skew });
        const { registered_at, lease_token } = await registry.register();
        expect(registered_at).toBe(new Date(START).toISOString());
        expect(lease_token.split(".")[2]).toBe(String(START));
      }
    });

    it("is greater than that of the registration it replaces, and than one that was unregistered", async () => {
      const registry = open();
      const tokens: string[] = [];
      for (const _ of [1, 2]) tokens.push((await registry.register({ id: "a" })).lease_token);
      await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": tokens[1]! });
      tokens.push((await registry.register({ id: "a" })).lease_token);
      expect(tokens.map((token) => Number(token.split(".")[2]))).toEqual([START, START + 1, START + 2]);
    });

    it("more than five minutes ahead restores nothing, and without the token one registers", async () => {
      const registry = open();
      const of = (ms: number) => ({ "Lease-Token": `300.30.${START + ms}.AAAAAAAAAAAAAAAAAAAAAA` });
      expect((await post(registry, { id: "a" }, of(300_001))).body).toMatchObject({
        status: 409,
        code: "epoch_ahead",
      });
      expect((await post(registry, { id: "a" }, of(300_000))).body.outcome).toBe("restored");
      expect((await registry.register({ id: "b" })).outcome).toBe("created");
    });
  });

  describe("a registration with an Idempotency-Key", () => {
    const KEY = { "Idempotency-Key": "life 1" };

    it("whose answer was lost is repeated with the same answer, early or late", async () => {
      for (const fields of [{ id: "a" }, {}, { id: "a", heartbeat_interval_seconds: null }]) {
        const registry = open();
        const first = await post(registry, fields, KEY);
        expect(first.status).toBe(201);
        expect(await post(registry, fields, KEY)).toMatchObject({ status: 201, body: first.body });

        const { agent_id, lease_token } = first.body;
        await registry.pass(20_000);
        await registry.heartbeat(agent_id, lease_token, WHOLE);
        const late = await post(registry, fields, KEY);
        const { expires_at: _, ...same } = first.body;
        expect(late).toMatchObject({ status: 201, body: same });
        const { body } = await registry.get(`/v1/agents/${agent_id}`);
        expect(body).toMatchObject({ status: "busy", current_load: 1 });
        const { events } = (await registry.get<{ events: unknown[] }>("/v1/events?type=registered")).body;
        expect(events).toHaveLength(1);
      }
    });

    it("that replaced another says so each time", async () => {
      const registry = open();
      await registry.register({ id: "a" });
      for (const _ of [1, 2]) expect((await post(registry, { id: "a" }, KEY)).body.outcome).toBe("replaced");
    });

    it("is another than the same key's of another id, or another life", async () => {
      const registry = open();
      const secrets = new Set<string>();
      for (const [id, key] of [
        ["a", "1"],
        ["b", "1"],
        ["c", "2"],
        [undefined, "1"],
        [undefined, "2"],
      ] as const) {
        const { body } = await post(registry, { ...(id && { id }) }, { "Idempotency-Key": key });
        secrets.add(body.lease_token.split(".")[3]!);
      }
      expect(secrets.size).toBe(5);
    });

    it("of another asker is theirs, though the key is the same", async () => {
      const names = ["robin", "wren"];
      const keys = names.map((name) => ({ name, token: `key-of-${name}`, scopes: ["write" as const] }));
      const registry = new Registry({ backend: openBackend(), access: await keysAccess(keys) });
      const ids = new Set<string>();
      for (const { token } of keys) {
        ids.add((await post(registry, {}, { ...bearer(token), ...KEY })).body.agent_id);
      }
      expect(ids.size).toBe(2);
    });

    it("that has ended stays so, though a repetition of it comes late", async () => {
      const registry = open();
      const { body } = await post(registry, { id: "a" }, KEY);
      await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": body.lease_token });
      const late = await post(registry, { id: "a" }, KEY);
      expect([late.status, late.body.code, late.body.action]).toEqual([409, "lease_lost", "stop"]);
      expect((await post(registry, { id: "a" }, { "Idempotency-Key": "life 2" })).status).toBe(201);
    });

    it.each(["", "x".repeat(256), "caf\u00e9"])("of %j is refused by name", async (key) => {
      const { status, body } = await post(open(), {}, { "Idempotency-Key": key });
      expect([status, body]).toMatchObject([400, { errors: [{ pointer: "/Idempotency-Key" }] }]);
    });

    it("may have 255 characters", async () => {
      expect((await post(open(), {}, { "Idempotency-Key": "~".repeat(255) })).status).toBe(201);
    });
  });

  describe("a renewal under other terms", () => {
    it("issues the token that follows, and a repetition with the old one finds it", async () => {
      const registry = open();
      const first = await registry.register({ id: "a" });
      const renew = () =>
        registry.register({ id: "a", ttl_seconds: 60 }, { "Lease-Token": first.lease_token });
      const renewed = await renew();
      expect(renewed).toMatchObject({ outcome: "renewed", ttl_seconds: 60 });
      expect(renewed.lease_token.split(".").slice(0, 3)).toEqual(["60", "30", String(START + 1)]);
      expect(await renew()).toEqual(renewed);
      expect((await registry.heartbeat("a", renewed.lease_token, WHOLE)).status).toBe(200);
      const old = await registry.heartbeat("a", first.lease_token, WHOLE);
      expect([old.status, old.body["action"]]).toEqual([409, "stop"]);
    });
  });

  describe("an unregistration", () => {
    it("ends its token for a day, and one that is older, but none that is newer", async () => {
      const registry = open();
      const [older, ended] = [await registry.register({ id: "a" }), await registry.register({ id: "a" })];
      await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": ended.lease_token });
      for (const { lease_token } of [older, ended]) {
        for (const said of [WHOLE, {}]) {
          const { status, body } = await registry.heartbeat("a", lease_token, said);
          expect([status, body["code"], body["action"]]).toEqual([409, "lease_lost", "stop"]);
        }
        expect((await post(registry, { id: "a" }, { "Lease-Token": lease_token })).status).toBe(409);
      }
      const newer = `300.30.${START + 9}.AAAAAAAAAAAAAAAAAAAAAA`;
      expect((await registry.heartbeat("a", newer)).body["action"]).toBe("register");
      expect((await post(registry, { id: "a" }, { "Lease-Token": newer })).body.outcome).toBe("restored");
    });

    it("is all that ends it: a reaping leaves nothing, and its holder comes back", async () => {
      const registry = open();
      const { lease_token } = await registry.register({
        id: "a",
        ttl_seconds: 4,
        heartbeat_interval_seconds: 2,
      });
      await registry.pass(4001);
      for (let runs = 0; runs < 8; runs += 1) {
        await sweep(registry);
        await registry.pass(90_000);
      }
      const { status, body } = await registry.heartbeat("a", lease_token, WHOLE);
      expect([status, body["action"]]).toEqual([404, "register"]);
      const terms = { ttl_seconds: 4, heartbeat_interval_seconds: 2 };
      const restored = await registry.register({ id: "a", ...terms }, { "Lease-Token": lease_token });
      expect(restored).toMatchObject({ outcome: "restored", lease_token });
    });
  });

  describe("a drain", () => {
    it("outlives a restart: the id is drained, whoever registers it, until it is cancelled", async () => {
      const registry = open();
      await registry.register({ id: "a" });
      await registry.post("/v1/agents/a/drain");
      const again = await registry.register({ id: "a" });
      expect(again).toMatchObject({ outcome: "replaced", desired_state: "drain" });
      const said = { status: "available", current_load: 1 };
      expect((await registry.heartbeat("a", again.lease_token, said)).body["desired_state"]).toBe("drain");
      expect(await discoverIds(registry, "type=worker")).toEqual([]);
      await registry.call("DELETE", "/v1/agents/a/drain");
      expect(await discoverIds(registry, "type=worker")).toEqual(["a"]);
      expect((await registry.heartbeat("a", again.lease_token)).body["desired_state"]).toBe("run");
      expect((await registry.register({ id: "a" })).desired_state).toBe("run");
    });

    it("ends with an unregistration", async () => {
      const registry = open();
      const { lease_token } = await registry.register({ id: "a" });
      await registry.post("/v1/agents/a/drain");
      await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": lease_token });
      expect((await registry.register({ id: "a" })).desired_state).toBe("run");
    });
  });

  describe("a store that the version before has written", () => {
    const RANDOM = "AAAAAAAAAAAAAAAAAAAAAA";
    const TOKEN = `300.30.${RANDOM}`;

    async function openEarlier() {
      const registry = open();
      const fence = toBase64url((await sha256(RANDOM)).subarray(0, 16));
      const entry = entryOf({ id: "a" }, START - 1000, fence);
      const { outcome: _, ...document } = entry.document;
      await put(registry.backend.open("default"), START, { ...entry, document });
      return registry;
    }

    it("takes its tokens as long as their registrations are stored", async () => {
      const registry = await openEarlier();
      for (const said of [WHOLE, { health_score: 0.5 }]) {
        expect((await registry.heartbeat("a", TOKEN, said)).status).toBe(200);
      }
      const { status } = await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": TOKEN });
      expect(status).toBe(204);
    });

    it("changes them for one of its own when they are renewed, once", async () => {
      const registry = await openEarlier();
      const renew = () => registry.register({ id: "a" }, { "Lease-Token": TOKEN });
      const renewed = await renew();
      expect(renewed.outcome).toBe("renewed");
      expect(renewed.lease_token).toMatch(/^300\.30\.\d+\.[\w-]{22}$/);
      expect(await renew()).toEqual(renewed);
      expect((await registry.heartbeat("a", renewed.lease_token, WHOLE)).status).toBe(200);
    });

    it("never tells their holders to stop: it cannot know which is newer", async () => {
      const registry = await openEarlier();
      await registry.register({ id: "a" });
      for (const said of [WHOLE, {}]) {
        const { status, body } = await registry.heartbeat("a", TOKEN, said);
        expect([status, body["code"], body["action"]]).toEqual([404, "agent_not_found", "register"]);
      }
      expect((await post(registry, { id: "a" }, { "Lease-Token": TOKEN })).status).toBe(201);
    });
  });
});

it("an ended registration is kept in Redis for a day", async () => {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  const { lease_token } = await registry.register({ id: "a" });
  await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": lease_token });
  const left = await backend.bridge.raw<number>("PTTL", `${backend.prefix}:default:ended:agent:a`);
  expect(left).toBeGreaterThan(86_300_000);
  expect(left).toBeLessThanOrEqual(86_400_000);
});
