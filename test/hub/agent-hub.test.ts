import { describe, expect, it } from "vitest";
import { GRACE_MS, REFRESH_MS, REPORT_EVERY_MS, VERIFY_MS } from "../../src/hub/agent-hub.ts";
import { CLOSED } from "../../src/hub/hub.ts";
import { readAgent } from "../support/agents.ts";
import { handshake, hubIn, PresenceSocket, present } from "../support/presence.ts";
import { closeSocket, Registry } from "../support/registry.ts";
import { BACKENDS, redisBackend } from "../support/stores.ts";

const INTERVAL_MS = 30_000;

describe.each(BACKENDS)("a lease held by a socket, on $backend", ({ backend, openBackend }) => {
  async function open(on = openBackend()) {
    const registry = new Registry({ backend: on });
    const agent = await registry.register({ id: "a", capabilities: ["x"], ttl_seconds: 120 });
    return { registry, agent, hub: hubIn(registry) };
  }
  /** Before a hub ends, the time limits of its requests have to be over. */
  const openToEnd = () => open(backend === "redis" ? redisBackend(2000) : openBackend());
  /** Lets time pass, in which the agent says on its socket what it said, and the hub's alarm goes off. */
  async function live(registry: Registry, socket: PresenceSocket, ms: number) {
    const hub = hubIn(registry);
    for (let left = ms; left > 0; left -= REFRESH_MS) {
      await registry.pass(Math.min(left, REFRESH_MS));
      await hub.inside(async (inner) => {
        for (const { socket: ours } of inner.open()) await inner.hear(ours, "ping", registry.now);
      });
      await socket.next();
      await hub.tick(registry.now);
    }
  }

  it("does not end while the socket is open and heard, without a heartbeat", async () => {
    const { registry, agent } = await open();
    const socket = await present(registry, agent);
    await live(registry, socket, 600_000);
    const { effective_status, last_seen } = await readAgent(registry, "a");
    expect(effective_status).toBe("available");
    expect(Date.parse(last_seen)).toBeGreaterThan(registry.now - REFRESH_MS - 1);
    const discovered = await registry.get<{ agents: unknown[] }>("/v1/discover?capability=x");
    expect(discovered.body.agents).toHaveLength(1);
  });

  it("writes once that its hub lives, however many come at the same time", async () => {
    const kept: number[] = [];
    const on = openBackend();
    const { registry } = await open({
      ...on,
      open(namespace) {
        const store = on.open(namespace);
        return {
          ...store,
          keepHolder(name, holder) {
            kept.push(holder.seenAt);
            return store.keepHolder(name, holder);
          },
        };
      },
    });
    const ids = ["b", "c", "d", "e"];
    const agents = await Promise.all(ids.map((id) => registry.register({ id, ttl_seconds: 120 })));
    await Promise.all(agents.map((agent) => present(registry, agent)));
    expect(kept).toEqual([registry.now]);
  });

  it("shows at once that a socket closed, and ends after its TTL", async () => {
    const { registry, agent, hub } = await open();
    const socket = await present(registry, agent);
    socket.close();
    await socket.closed;
    await hub.inside(() => undefined);
    expect(await readAgent(registry, "a")).toMatchObject({
      effective_status: "unreachable",
      status_reason: "its connection has ended",
    });
    await registry.pass(121_000);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("lets a silent socket go after 1.25 to 1.5 intervals, and the agent is unreachable after 1.5", async () => {
    const { registry, agent, hub } = await open();
    const socket = await present(registry, agent);
    await registry.pass(1.25 * INTERVAL_MS);
    await hub.tick(registry.now);
    expect((await readAgent(registry, "a")).effective_status).toBe("available");
    const alarm = await hub.inside((_, storage) => storage.getAlarm());
    expect(alarm).toBeLessThanOrEqual(registry.now + INTERVAL_MS / 4);
    await registry.pass(INTERVAL_MS / 4 + 1);
    await hub.tick(registry.now);
    expect(await socket.closed).toBe(CLOSED.silent[0]);
    expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
  });

  it("writes what the agent reports, the last of it once in 5 s", async () => {
    const { registry, agent, hub } = await open();
    await present(registry, agent);
    const hear = (report: object) =>
      hub.inside(async (inner) => {
        for (const { socket } of inner.open()) await inner.hear(socket, JSON.stringify(report), registry.now);
      });
    await registry.pass(REPORT_EVERY_MS);
    await hear({ status: "busy", current_load: 3 });
    expect(await readAgent(registry, "a")).toMatchObject({ status: "busy", current_load: 3 });
    await registry.pass(1000);
    await hear({ current_load: 4 });
    await hear({ current_load: 5, status: "degraded" });
    expect(await readAgent(registry, "a")).toMatchObject({ status: "busy", current_load: 3 });
    await registry.pass(4000);
    await hub.tick(registry.now);
    expect(await readAgent(registry, "a")).toMatchObject({ status: "degraded", current_load: 5 });
  });

  it.each(["no JSON", "[]", '{"status":"dead"}', '{"health":1}'])(
    "closes on what is no report: %s",
    async (text) => {
      const { registry, agent } = await open();
      const socket = await present(registry, agent);
      await socket.say(text);
      expect(await socket.closed).toBe(CLOSED.notUnderstood[0]);
      expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
    },
  );

  it("is taken over by the agent's next socket, and the earlier one's end changes nothing", async () => {
    const { registry, agent, hub } = await open();
    const first = await present(registry, agent);
    await present(registry, agent);
    expect(await first.closed).toBe(CLOSED.moved[0]);
    await hub.tick(registry.now);
    expect((await readAgent(registry, "a")).effective_status).toBe("available");
  });

  it("outlives the hub's sleep", async () => {
    const { registry, agent, hub } = await openToEnd();
    const socket = await present(registry, agent);
    const holder = await hub.inside((inner) => inner.holder);
    await hub.sleep();
    expect(await hub.inside((inner) => inner.holder)).toBe(holder);
    await live(registry, socket, 200_000);
    expect((await readAgent(registry, "a")).effective_status).toBe("available");
  });

  it("outlives the hub's end for a minute, in which the agent comes back to another life", async () => {
    const { registry, agent, hub } = await openToEnd();
    await present(registry, agent);
    const before = await hub.inside((inner) => inner.holder);
    await hub.abort();
    await registry.pass(REFRESH_MS);
    await hub.tick(registry.now);
    expect((await readAgent(registry, "a")).effective_status).toBe("available");
    const socket = await present(registry, agent);
    expect(await hub.inside((inner) => inner.holder)).not.toBe(before);
    await live(registry, socket, 200_000);
    expect((await readAgent(registry, "a")).effective_status).toBe("available");
  });

  it("cuts those off who do not come back after the hub's end, and lapses with their TTL", async () => {
    const { registry, agent, hub } = await openToEnd();
    await present(registry, agent);
    await hub.abort();
    for (let ms = 0; ms <= GRACE_MS; ms += REFRESH_MS) {
      await hub.tick(registry.now);
      await registry.pass(REFRESH_MS);
    }
    await hub.tick(registry.now);
    await registry.pass(2000);
    expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
    await registry.pass(121_000);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
    expect(await hub.inside((_, storage) => storage.getAlarm())).toBeNull();
  });

  it("becomes unreachable and lapses where the hub is never heard again", async () => {
    const { registry, agent } = await open();
    await present(registry, agent);
    await registry.pass(91_000);
    expect((await readAgent(registry, "a")).effective_status).toBe("unreachable");
    await registry.pass(30_000);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("attaches all anew where the store has lost what it wrote", async () => {
    const { registry, agent, hub } = await open();
    const socket = await present(registry, agent);
    await live(registry, socket, 40_000);
    const { store } = registry.open("default");
    await store.keepHolder(await hub.inside((inner) => inner.holder), { seenAt: 1, sockets: 9 });
    await registry.pass(REFRESH_MS);
    await hub.tick(registry.now);
    const [snapshot] = await store.read([{ kind: "agent", id: "a" }], registry.now);
    expect(snapshot?.entry?.lease?.lastSeenAt).toBe(registry.now);
  });

  it("tells an agent whose lease was lost to register again", async () => {
    const { registry, agent, hub } = await open();
    const socket = await present(registry, agent);
    const { store } = registry.open("default");
    const ref = { kind: "agent", id: "a" } as const;
    const [before] = await store.read([ref], registry.now);
    await store.commit([{ before: before!, after: { ...before!.entry!, lease: null } }], registry.now);
    for (let ms = 0; ms <= VERIFY_MS; ms += REFRESH_MS) {
      await registry.pass(REFRESH_MS);
      await hub.inside(async (inner) => {
        for (const { socket: ours } of inner.open()) await inner.hear(ours, "ping", registry.now);
      });
      await hub.tick(registry.now);
    }
    expect(await socket.closed).toBe(CLOSED.gone[0]);
  });

  it("ends with a registration that replaces it, and with its removal", async () => {
    const { registry, agent } = await open();
    const socket = await present(registry, agent);
    const next = await registry.register({ id: "a", ttl_seconds: 120 });
    expect(await socket.closed).toBe(CLOSED.lost[0]);
    const second = await present(registry, next);
    await registry.call("DELETE", "/v1/agents/a", undefined, { "Lease-Token": next.lease_token });
    expect(await second.closed).toBe(CLOSED.lost[0]);
    expect((await handshake(registry, next)).status).toBe(409);
  });

  it("is told of a drain on the socket, and that it is taken back", async () => {
    const { registry, agent } = await open();
    const socket = await present(registry, agent);
    await registry.post("/v1/agents/a/drain");
    expect(await socket.message()).toEqual({ type: "desired_state", desired_state: "drain" });
    expect((await readAgent(registry, "a")).effective_status).toBe("draining");
    await registry.call("DELETE", "/v1/agents/a/drain");
    expect(await socket.message()).toEqual({ type: "desired_state", desired_state: "run" });
  });

  it("begins with what is wanted of the agent", async () => {
    const { registry, agent } = await open();
    await registry.post("/v1/agents/a/drain");
    const { webSocket } = await handshake(registry, agent);
    const socket = new PresenceSocket(webSocket!);
    expect(await socket.message()).toEqual({
      type: "attached",
      next_interval_seconds: 30,
      desired_state: "drain",
    });
  });
});

describe("the handshake of a socket", () => {
  it("takes the token from the subprotocol, as a browser has to send it", async () => {
    const registry = new Registry();
    const agent = await registry.register({ id: "a" });
    const offered = `rollcall, rollcall.lease.${agent.lease_token}`;
    const response = await handshake(registry, agent, { "Sec-WebSocket-Protocol": offered });
    expect([response.status, response.headers.get("Sec-WebSocket-Protocol")]).toEqual([101, "rollcall"]);
    closeSocket(response);
  });

  it("chooses no subprotocol where none is offered, as clients that offer none expect", async () => {
    const registry = new Registry();
    const response = await handshake(registry, await registry.register({ id: "a" }));
    expect([response.status, response.headers.has("Sec-WebSocket-Protocol")]).toEqual([101, false]);
    closeSocket(response);
  });

  it("refuses the static, the unknown and who has no token", async () => {
    const registry = new Registry();
    const agent = await registry.register({ id: "a", heartbeat_interval_seconds: null });
    expect((await handshake(registry, agent)).status).toBe(400);
    expect((await handshake(registry, agent, {})).status).toBe(403);
    expect((await handshake(registry, { ...agent, agent_id: "b" })).status).toBe(404);
    expect((await registry.get("/v1/agents/a/presence")).status).toBe(426);
  });
});
