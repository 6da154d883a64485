import { describe, expect, it } from "vitest";
import { lossesOf } from "../../support/losses.ts";
import { type Registered, Registry } from "../../support/registry.ts";
import { redisBackend, type RedisBackend } from "../../support/stores.ts";

const TERMS = [
  { how: "calls in", fields: {} },
  { how: "is static", fields: { heartbeat_interval_seconds: null } },
] as const;

/** An agent of the id "a" that does as it is told: registers with its token, or stops. */
class Process {
  readonly #registry: Registry;
  readonly #fields: object;
  token = "";
  state: "in" | "stopped" = "in";
  outcome = "";

  constructor(registry: Registry, fields: object) {
    this.#registry = registry;
    this.#fields = fields;
  }

  async register(): Promise<void> {
    const registered = await this.#registry.register(
      { id: "a", ...this.#fields },
      this.token === "" ? {} : { "Lease-Token": this.token },
    );
    this.token = registered.lease_token;
    this.outcome = registered.outcome;
  }

  async callIn(): Promise<void> {
    if (this.state === "stopped") return;
    const { status, body } = await this.#registry.heartbeat("a", this.token, {
      status: "available",
      current_load: 0,
    });
    if (status === 200) return;
    if (body["action"] === "stop") this.state = "stopped";
    else if (body["action"] === "register") await this.register();
    else throw new Error(`${status} ${JSON.stringify(body)}`);
  }
}

/** Two processes that have registered as "a", one after the other, and a Redis that can lose. */
async function twoProcesses(backend: RedisBackend, fields: object) {
  const registry = new Registry({ backend });
  const losses = lossesOf(backend);
  const [older, newer] = [new Process(registry, fields), new Process(registry, fields)];
  await older.register();
  const failOver = await losses.replicate();
  await newer.register();
  return { registry, older, newer, failOver, empty: losses.empty };
}

describe.each(TERMS)("of two processes of an agent that $how, the newer one has the id", ({ fields }) => {
  it.each([
    ["a failover that lost its registration", "failOver"],
    ["an emptied Redis", "empty"],
  ] as const)("after %s, whoever comes back first", async (_, loss) => {
    for (const olderFirst of [true, false]) {
      const backend = redisBackend();
      const { older, newer, ...world } = await twoProcesses(backend, fields);
      const { token } = newer;
      await world[loss]();
      const [first, second] = olderFirst ? [older, newer] : [newer, older];
      for (const process of [first, second, first, second]) await process.callIn();
      expect([older.state, newer.state]).toEqual(["stopped", "in"]);
      expect([newer.token, newer.outcome]).toEqual([token, "restored"]);
      expect((await world.registry.get("/v1/agents/a")).status).toBe(200);
    }
  });
});

describe("an emptied Redis", () => {
  it("gets each registration back as it was: token, registered_at, and an event that says so", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const before = await registry.register({ id: "a" });
    await lossesOf(backend).empty();
    await registry.pass(1000);
    const { status, body } = await registry.post<Registered>(
      "/v1/agents",
      { id: "a", name: "agent", type: "worker" },
      { "Lease-Token": before.lease_token },
    );
    expect(status).toBe(201);
    const expires_at = new Date(registry.now + 300_000).toISOString();
    expect(body).toEqual({ ...before, outcome: "restored", expires_at });
    const { events } = (await registry.get<{ events: { type: string }[] }>("/v1/events")).body;
    expect(events.map(({ type }) => type)).toEqual(["restored"]);
  });

  it("renews at once what comes back under other terms, once however often it is said", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    await lossesOf(backend).empty();
    const again = () => registry.register({ id: "a", ttl_seconds: 60 }, { "Lease-Token": lease_token });
    const restored = await again();
    expect(restored).toMatchObject({ outcome: "restored", ttl_seconds: 60 });
    expect(restored.lease_token).not.toBe(lease_token);
    expect((await again()).lease_token).toBe(restored.lease_token);
    expect((await registry.heartbeat("a", restored.lease_token)).status).toBe(200);
  });

  it("keeps a drain that it still has", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a" });
    await registry.post("/v1/agents/a/drain");
    const base = `${backend.prefix}:default`;
    await backend.bridge.raw("DEL", `${base}:doc:agent:a`);
    const restored = await registry.register({ id: "a" }, { "Lease-Token": lease_token });
    expect(restored).toMatchObject({ outcome: "restored", desired_state: "drain" });
  });
});

describe("a registration whose document alone was lost", () => {
  it("is not served beside the one that took its id, once the roll was called", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const older = new Process(registry, {});
    const newer = new Process(registry, {});
    await older.register();
    await backend.bridge.raw("DEL", `${backend.prefix}:default:doc:agent:a`);
    // Of two in one instant, where the first is lost, the hash says which is the newer.
    await registry.pass(1);
    await newer.register();
    // Its lease is still there, and a heartbeat asks for nothing else.
    await older.callIn();
    expect(older.state).toBe("in");
    await registry.post("/v1/sweep");
    await older.callIn();
    await newer.callIn();
    expect([older.state, newer.state]).toEqual(["stopped", "in"]);
  });
});
