import { describe, expect, it } from "vitest";
import { type TestKey, bearer, keysAccess } from "../../support/keys.ts";
import { Registry, START } from "../../support/registry.ts";
import { BACKENDS, type Backend, redisBackend } from "../../support/stores.ts";

const ROOT: TestKey = { name: "root", token: "token-of-root", scopes: ["admin"] };
const FOREIGN: TestKey = { name: "far", token: "token-of-far", scopes: ["admin"], namespace: "elsewhere" };

interface Made {
  id: string;
  secret: string;
  expires_at: string | null;
}

const opened = async (backend: Backend): Promise<Registry> =>
  new Registry({ backend, access: await keysAccess([ROOT, FOREIGN]) });

async function make(registry: Registry, fields: object = {}): Promise<Made> {
  const asked = { name: "robin", scopes: ["read", "write"], ...fields };
  const { status, body } = await registry.post<Made>("/v1/keys", asked, bearer(ROOT.token));
  expect(status).toBe(201);
  return body;
}

const whoami = (registry: Registry, secret: string) => registry.get("/v1/whoami", bearer(secret));
const statusOf = async (registry: Registry, secret: string) => (await whoami(registry, secret)).status;

describe.each(BACKENDS)("a key that was made while running, on $backend", ({ openBackend }) => {
  const open = () => opened(openBackend());

  it("is what it was made as, at once", async () => {
    const registry = await open();
    const expires_at = new Date(START + 3_600_000).toISOString();
    const { status, body } = await registry.post<Made>(
      "/v1/keys",
      { name: "robin", scopes: ["write", "read"], expires_at },
      bearer(ROOT.token),
    );
    const { secret, ...key } = body;
    const created_at = new Date(START).toISOString();
    const shown = { name: "robin", scopes: ["read", "write"], namespace: "default", source: "store" };
    expect([status, key]).toEqual([
      201,
      { id: key.id, ...shown, limits: {}, created_at, created_by: "root", expires_at, last_used_at: null },
    ]);
    const who = await whoami(registry, secret);
    expect(who.body).toEqual({ id: key.id, ...shown, access: "keys", expires_at });
    expect(who.headers.get("Cache-Control")).toBe("no-store");
    expect((await registry.get("/v1/agents", bearer(secret))).status).toBe(200);
    expect(await registry.get("/v1/keys", bearer(secret))).toMatchObject({
      status: 403,
      body: { code: "forbidden" },
    });
  });

  it("is listed after those that are configured, with the hour of its last use and without a secret", async () => {
    const registry = await open();
    const { id, secret } = await make(registry);
    await registry.pass(3_600_000);
    await whoami(registry, secret);
    const { body } = await registry.get<{ keys: object[]; count: number }>("/v1/keys", bearer(ROOT.token));
    expect(body).toMatchObject({
      count: 2,
      keys: [
        { id: null, name: "root", source: "config", last_used_at: null },
        { id, name: "robin", source: "store", created_by: "root" },
      ],
    });
    const usedAt = new Date(Math.floor((START + 3_600_000) / 3_600_000) * 3_600_000).toISOString();
    expect(body.keys[1]).toMatchObject({ last_used_at: usedAt });
    expect(JSON.stringify(body)).not.toContain(secret.split("_").at(-1));
  });

  it("is another namespace's to nobody: not to list, not to revoke, not to rotate", async () => {
    const registry = await open();
    const { id, secret } = await make(registry);
    const foreign = bearer(FOREIGN.token);
    expect((await registry.get("/v1/keys", foreign)).body).toMatchObject({
      count: 1,
      keys: [{ name: "far" }],
    });
    for (const [method, path] of [
      ["DELETE", `/v1/keys/${id}`],
      ["POST", `/v1/keys/${id}/rotate`],
    ] as const)
      expect(await registry.call(method, path, undefined, foreign)).toMatchObject({
        status: 404,
        body: { code: "key_not_found" },
      });
    expect(await statusOf(registry, secret)).toBe(200);
  });

  it("has a name of its own, which a configured key has not either, until it has ended", async () => {
    const registry = await open();
    await make(registry, { expires_at: new Date(START + 60_000).toISOString() });
    for (const name of ["robin", "root"])
      expect(await registry.post("/v1/keys", { name, scopes: ["read"] }, bearer(ROOT.token))).toMatchObject({
        status: 409,
        body: { code: "key_exists" },
      });
    await registry.pass(60_000);
    await make(registry);
  });

  it("ends when it expires, without a word from the store", async () => {
    const registry = await open();
    const { secret } = await make(registry, { expires_at: new Date(START + 5000).toISOString() });
    await registry.pass(4999);
    expect(await statusOf(registry, secret)).toBe(200);
    await registry.pass(1);
    expect(await statusOf(registry, secret)).toBe(401);
  });

  it("ends here at once when it is revoked, and cannot be revoked twice", async () => {
    const registry = await open();
    const { id, secret } = await make(registry);
    expect(await statusOf(registry, secret)).toBe(200);
    const revoke = () => registry.call("DELETE", `/v1/keys/${id}`, undefined, bearer(ROOT.token));
    expect((await revoke()).status).toBe(204);
    expect(await statusOf(registry, secret)).toBe(401);
    expect(await revoke()).toMatchObject({ status: 404, body: { code: "key_not_found" } });
  });

  it("works through the overlap when it is rotated, and its successor owns what it owned", async () => {
    const registry = await open();
    const before = await make(registry);
    await registry.register({ id: "a" }, bearer(before.secret));
    const { status, body: after } = await registry.post<Made>(
      `/v1/keys/${before.id}/rotate`,
      { overlap_seconds: 60 },
      bearer(ROOT.token),
    );
    expect([status, after.expires_at]).toEqual([201, null]);
    expect(after.secret).not.toBe(before.secret);
    await registry.pass(59_999);
    expect(await statusOf(registry, before.secret)).toBe(200);
    await registry.pass(1);
    expect(await statusOf(registry, before.secret)).toBe(401);
    expect((await registry.post("/v1/agents/a/drain", undefined, bearer(after.secret))).status).toBe(200);
  });

  it("ends a day after it is rotated if nothing else is said, and its successor when it would have", async () => {
    const registry = await open();
    const expires_at = new Date(START + 7 * 86_400_000).toISOString();
    const { id } = await make(registry, { expires_at });
    const rotate = () => registry.post<Made>(`/v1/keys/${id}/rotate`, undefined, bearer(ROOT.token));
    await rotate();
    // The answer was lost: again.
    await registry.pass(1000);
    expect((await rotate()).body.expires_at).toBe(expires_at);
    const { body } = await registry.get<{ keys: Made[] }>("/v1/keys", bearer(ROOT.token));
    expect(body.keys.find((key) => key.id === id)?.expires_at).toBe(
      new Date(START + 86_400_000).toISOString(),
    );
  });

  it("cannot be made to end in the past", async () => {
    const registry = await open();
    const asked = { name: "robin", scopes: ["read"], expires_at: new Date(START).toISOString() };
    expect(await registry.post("/v1/keys", asked, bearer(ROOT.token))).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/expires_at" }] },
    });
  });
});

describe("what a key that was made while running costs", () => {
  async function calling() {
    const backend = redisBackend();
    const registry = await opened(backend);
    const { id, secret } = await make(registry);
    const { lease_token } = await registry.register({ id: "a", ttl_seconds: 3600 }, bearer(ROOT.token));
    const beat = (token: string, on: Registry) =>
      on.post(
        "/v1/agents/a/heartbeat",
        { status: "available", current_load: 0 },
        { ...bearer(token), "Lease-Token": lease_token },
      );
    const costOf = async (token: string, on = registry) => {
      const { requests, commands } = await backend.bridge.cost(async () => {
        expect((await beat(token, on)).status).toBe(200);
      });
      return [requests, commands];
    };
    return { backend, registry, id, secret, costOf };
  }

  it("is one trip for its first request, and one in 25 s after", async () => {
    const { backend, registry, secret, costOf } = await calling();
    await costOf(ROOT.token);
    // A script that Redis has not seen yet is sent twice.
    await whoami(registry, secret);
    const elsewhere = await opened(backend.inAnotherIsolate());
    await costOf(ROOT.token, elsewhere);
    expect(await costOf(secret, elsewhere)).toEqual([2, 2]);
    expect(await costOf(secret, elsewhere)).toEqual([1, 1]);
    // The first heartbeat in 5 s reads the directives along, whoever sends it.
    const costAfter = async (ms: number) => {
      await registry.pass(ms);
      await costOf(ROOT.token);
      return costOf(secret);
    };
    expect(await costAfter(24_999)).toEqual([1, 1]);
    expect(await costAfter(1)).toEqual([2, 2]);
    expect(await costAfter(24_999)).toEqual([1, 1]);
    expect(await costAfter(1)).toEqual([2, 2]);
    expect(await costOf(secret)).toEqual([1, 1]);
    expect(await costOf(ROOT.token)).toEqual([1, 1]);
  });

  it("is nothing for what is no key, once that is told: another secret, another namespace, another form", async () => {
    const { backend, registry, secret } = await calling();
    await whoami(registry, secret);
    const guess = secret.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    // A script that Redis has not seen yet is sent twice.
    expect((await backend.bridge.cost(() => statusOf(registry, guess))).requests).toBeGreaterThanOrEqual(1);
    const guesses = [guess, secret.replace("rck_default", "rck_nowhere"), secret.slice(0, -1), "whatever"];
    const { requests } = await backend.bridge.cost(async () => {
      for (const one of guesses) expect(await statusOf(registry, one)).toBe(401);
    });
    expect(requests).toBe(0);
  });
});

describe("a key in another isolate", () => {
  async function isolates() {
    const backend = redisBackend();
    const [here, there] = [await opened(backend), await opened(backend.inAnotherIsolate())];
    return { backend, here, there };
  }

  it("is believed for less than 30 s after it was revoked", async () => {
    const { here, there } = await isolates();
    const { id, secret } = await make(here);
    expect(await statusOf(there, secret)).toBe(200);
    await here.call("DELETE", `/v1/keys/${id}`, undefined, bearer(ROOT.token));
    await there.pass(24_999);
    expect(await statusOf(there, secret)).toBe(200);
    await there.pass(5001);
    expect(await statusOf(there, secret)).toBe(401);
  });

  it("is found within 2 s after it was made, although it was asked for before", async () => {
    const { here, there } = await isolates();
    const store = here.backend.open("default");
    const { id, secret } = await make(here);
    const { version, keys } = await store.keyring();
    await store.changeKeyring(version, { put: [], remove: [id] });
    expect(await statusOf(there, secret)).toBe(401);
    await store.changeKeyring((await store.keyring()).version, { put: [keys[0]!.key], remove: [] });
    expect(await statusOf(there, secret)).toBe(401);
    await there.pass(2000);
    expect(await statusOf(there, secret)).toBe(200);
  });

  it("stays good for 30 s of an outage where it was seen, and is 503 after that and where it was not", async () => {
    const { backend, here, there } = await isolates();
    const { secret } = await make(here);
    expect(await statusOf(here, secret)).toBe(200);
    await backend.bridge.fail({ kind: "status", status: 500 });
    expect(await statusOf(there, secret)).toBe(503);
    await here.pass(29_999);
    expect(await statusOf(here, secret)).toBe(200);
    await here.pass(1);
    for (const _ of [1, 2]) expect(await statusOf(here, secret)).toBe(503);
    expect(await statusOf(here, ROOT.token)).toBe(200);
    await backend.bridge.heal();
    expect(await statusOf(here, secret)).toBe(200);
    expect(await statusOf(there, secret)).toBe(200);
  });
});
