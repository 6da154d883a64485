import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { objectName } from "../../../src/deployment.ts";
import { CLOSED } from "../../../src/hub/hub.ts";
import worker from "../../../src/worker.ts";
import { apiKeys, bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { HUB, hubIn, PresenceSocket } from "../../support/presence.ts";
import { ProviderSocket } from "../../support/provider-socket.ts";
import { Registry, type RegistryOptions } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

const ROOT: TestKey = { name: "root", token: "token-of-root", scopes: ["admin"] };
const LOOK_MS = 20_000;

interface Made {
  id: string;
  secret: string;
}

/** A registry in which a key was made, seen, and can be revoked by another isolate. */
async function opened(options: RegistryOptions) {
  const registry = new Registry({ ...options, access: await keysAccess([ROOT]) });
  const asked = { name: "robin", scopes: ["read", "write"] };
  const { body: key } = await registry.post<Made>("/v1/keys", asked, bearer(ROOT.token));
  const headers = bearer(key.secret);
  expect((await registry.get("/v1/whoami", headers)).status).toBe(200);
  const revokeElsewhere = async () => {
    const store = registry.backend.open("default");
    const { version } = await store.keyring();
    expect(await store.changeKeyring(version, { put: [], remove: [key.id] })).toBe(true);
  };
  return { registry, key, headers, revokeElsewhere };
}

describe.each(BACKENDS)("what a key has open, on $backend", ({ openBackend }) => {
  it.each([
    ["GET", "/v1/watch?wait=30&since=:since", undefined],
    ["GET", "/v1/services/ready?service=none&timeout=30", undefined],
    ["POST", "/v1/toolsets/t/claims", { consumer: "c", max: 1, wait: 20 }],
  ] as const)(
    "ends within 30 s after the key was revoked where it waits, by 401: %s %s",
    async (method, path, body) => {
      let begun = async () => {};
      const { registry, headers, revokeElsewhere } = await opened({
        backend: openBackend(),
        pause: async (ms) => {
          await begun();
          await registry.pass(ms);
        },
      });
      const { body: toolset } = await registry.post<{ lease_token: string }>(
        "/v1/toolsets",
        { name: "t", tools: [ECHO] },
        headers,
      );
      const sent = { ...headers, ...(body && { "Lease-Token": toolset.lease_token }) };
      // The first of a provider's polls does not wait: it brings a ping.
      await registry.post("/v1/toolsets/t/claims", { consumer: "c", max: 1, wait: 0 }, sent);
      const { body: watched } = await registry.get<{ cursor: string }>("/v1/watch", headers);
      const revokedAt = registry.now;
      begun = async () => {
        begun = async () => {};
        await revokeElsewhere();
      };
      const asked = path.replace(":since", watched.cursor);
      expect(await registry.call(method, asked, body, sent)).toMatchObject({
        status: 401,
        body: { code: "unauthorized", detail: "The API key has ended, or was revoked." },
      });
      expect(registry.now - revokedAt).toBeLessThanOrEqual(30_000);
    },
  );

  it("ends within 30 s where it is streamed to", async () => {
    const { registry, headers, revokeElsewhere } = await opened({ backend: openBackend() });
    const { body } = await registry.fetch("/v1/watch", {
      headers: { ...headers, Accept: "text/event-stream" },
    });
    const reader = body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("event: resync");
    await revokeElsewhere();
    const revokedAt = registry.now;
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow("revoked");
    expect(registry.now - revokedAt).toBeLessThanOrEqual(30_000);
  });

  it("is closed where it is an agent's socket, whose lease ends as after any end of a socket", async () => {
    const { registry, headers, revokeElsewhere } = await opened({ backend: openBackend() });
    const agent = await registry.register({ id: "a" }, headers);
    const { webSocket } = await registry.fetch("/v1/agents/a/presence", {
      headers: { Upgrade: "websocket", "Lease-Token": agent.lease_token, ...headers },
    });
    const socket = new PresenceSocket(webSocket!);
    await socket.message();
    const hub = hubIn(registry);
    await hub.tick(registry.now);
    await revokeElsewhere();
    expect(await hub.inside((_, storage) => storage.getAlarm())).toBeLessThanOrEqual(registry.now + LOOK_MS);
    await registry.pass(LOOK_MS);
    await hub.tick(registry.now);
    expect(await socket.closed).toBe(CLOSED.keyEnded[0]);
    const { body } = await registry.get("/v1/agents/a", bearer(ROOT.token));
    expect(body).toMatchObject({ effective_status: "unreachable" });
  });

  it("cannot be opened 5 s after the key was revoked", async () => {
    const { registry, headers, revokeElsewhere } = await opened({ backend: openBackend() });
    const agent = await registry.register({ id: "a" }, headers);
    await revokeElsewhere();
    await registry.pass(5000);
    const upgrade = { Upgrade: "websocket", "Lease-Token": agent.lease_token, ...headers };
    const { status } = await registry.fetch("/v1/agents/a/presence", { headers: upgrade });
    expect(status).toBe(401);
  });
});

it("a hub asks for the keys of all its sockets together, and not where none was made while running", async () => {
  const backend = redisBackend();
  const { registry, headers } = await opened({ backend });
  const hub = hubIn(registry);
  const open = async (id: string, key: Record<string, string>) => {
    const { lease_token } = await registry.register(
      { id, ttl_seconds: 3600, heartbeat_interval_seconds: 300 },
      key,
    );
    const upgrade = { Upgrade: "websocket", "Lease-Token": lease_token, ...key };
    const { webSocket } = await registry.fetch(`/v1/agents/${id}/presence`, { headers: upgrade });
    await new PresenceSocket(webSocket!).message();
  };
  const costOfTick = async () => {
    await registry.pass(LOOK_MS);
    const { requests, commands } = await backend.bridge.cost(() => hub.tick(registry.now));
    return [requests, commands];
  };
  await open("a", bearer(ROOT.token));
  const alone = await costOfTick();
  for (const id of ["b", "c", "d"]) await open(id, headers);
  expect(await costOfTick()).toEqual(alone.map((count) => count + 1));
});

it("the sockets of a deployment are closed when the keys that opened them are revoked", async () => {
  const namespace = `keys-${crypto.randomUUID()}`;
  const configured = { ...env, API_KEYS: await apiKeys([{ ...ROOT, namespace }]) };
  const ask = (path: string, init: RequestInit & { body?: string } = {}) =>
    worker.fetch(
      new Request(`https://rollcall.example${path}`, init) as Parameters<typeof worker.fetch>[0],
      configured,
      createExecutionContext(),
    );
  const post = async <T>(path: string, secret: string, body: object): Promise<T> => {
    const headers = { ...bearer(secret), "Content-Type": "application/json" };
    const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json<T>();
  };
  const { id, secret } = await post<Made>("/v1/keys", ROOT.token, { name: "robin", scopes: ["write"] });
  const open = async (path: string, lease_token: string) => {
    const headers = { Upgrade: "websocket", "Lease-Token": lease_token, ...bearer(secret) };
    return (await ask(path, { headers })).webSocket!;
  };
  interface Taken {
    lease_token: string;
  }
  const toolset = await post<Taken>("/v1/toolsets", secret, { name: "t", tools: [ECHO] });
  const provider = new ProviderSocket(await open("/v1/toolsets/t/claims?consumer=c", toolset.lease_token));
  const agent = await post<Taken>("/v1/agents", secret, { id: "a", name: "a", type: "t" });
  const present = new PresenceSocket(await open("/v1/agents/a/presence", agent.lease_token));

  await ask(`/v1/keys/${id}`, { method: "DELETE", headers: bearer(ROOT.token) });
  const gateway = env.TOOL_GATEWAY.getByName(objectName(namespace, "t"));
  const hub = env.AGENT_HUB.getByName(objectName(namespace, HUB));
  const later = Date.now() + LOOK_MS;
  await runInDurableObject(gateway, ({ hosted }) => hosted.inner.tick(later));
  await runInDurableObject(hub, ({ hosted }) => hosted.inner.tick(later));
  expect(await provider.closed).toBe(4401);
  expect(await present.closed).toBe(4401);
});
