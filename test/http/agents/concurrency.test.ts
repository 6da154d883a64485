import { describe, expect, it } from "vitest";
import { historyOf } from "../../store/conformance/opened.ts";
import { type AgentList, readAgent } from "../../support/agents.ts";
import { expectExactIndexes } from "../../support/audit.ts";
import { interrupted } from "../../support/interrupted.ts";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { populate } from "../../support/populate.ts";
import { type Registered, Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const WIDTH = 64;
const FLEET = 1000;
const LEAVING = 200;

interface Agent {
  id: string;
  status: string;
  current_load: number;
  metadata: Record<string, unknown>;
  registered_at: string;
}

describe.each(BACKENDS)("many at once on $backend", ({ openBackend }) => {
  it("register, call in and leave, and each is counted exactly once", async () => {
    const registry = new Registry({ backend: openBackend() });
    const fields = (i: number) => ({
      id: `a-${i}`,
      type: `type-${i % 3}`,
      capabilities: ["all", `third-${i % 3}`],
      tags: [`seventh-${i % 7}`],
      services: [{ service: `half-${i % 2}` }],
    });
    const numbers = Array.from({ length: FLEET }, (_, i) => i);
    const registered = await mapConcurrently(WIDTH, numbers, (i) => registry.register(fields(i)));

    // Each fifth leaves while the others call in, whole and partially in turn.
    const statuses = await mapConcurrently(WIDTH, registered, async ({ agent_id, lease_token }, i) => {
      if (i % (FLEET / LEAVING) === 0) {
        const token = { "Lease-Token": lease_token };
        return (await registry.call("DELETE", `/v1/agents/${agent_id}`, undefined, token)).status;
      }
      const says = i % 2 === 0 ? { status: "busy", current_load: 1 } : { status: "busy", metadata: { i } };
      return (await registry.heartbeat(agent_id, lease_token, says)).status;
    });
    expect(statuses.filter((status) => status === 204)).toHaveLength(LEAVING);
    expect(statuses.filter((status) => status === 200)).toHaveLength(FLEET - LEAVING);

    const staying = numbers.filter((i) => i % (FLEET / LEAVING) !== 0);
    const store = registry.backend.open("default");
    const entries = await expectExactIndexes(store, registry.now);
    const ids = entries.map(({ document }) => document.registration.id);
    expect(ids).toEqual(staying.map((i) => `a-${i}`).toSorted());

    const ofType = (type: number) => staying.filter((i) => i % 3 === type).length;
    expect((await registry.get("/v1/stats")).body).toMatchObject({
      total_components: FLEET - LEAVING,
      total_capabilities: 4,
      by_type: { "type-0": ofType(0), "type-1": ofType(1), "type-2": ofType(2) },
      by_status: { busy: FLEET - LEAVING },
    });
    const events = await historyOf(store);
    // Each comes, each fifth leaves, and all others report something new.
    expect(events.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 2 * FLEET }, (_, i) => i + 1),
    );
    expect(new Set(events.map(({ type, id }) => `${type} ${id}`)).size).toBe(2 * FLEET);
  });

  it("take one id, and exactly one of them holds it", async () => {
    const registry = new Registry({ backend: openBackend() });
    const rivals = await mapConcurrently(20, Array.from({ length: 20 }), (_, i) =>
      registry.register({ id: "a", tags: [`tag-${i}`] }),
    );
    expect(rivals.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    expect(rivals.filter(({ outcome }) => outcome === "replaced")).toHaveLength(19);
    const beats = await mapConcurrently(20, rivals, ({ lease_token }) =>
      registry.heartbeat("a", lease_token),
    );
    expect(beats.filter(({ status }) => status === 409)).toHaveLength(19);
    const holder = beats.findIndex(({ status }) => status === 200);
    const [entry] = await expectExactIndexes(registry.backend.open("default"), registry.now);
    expect(entry!.document.registration.tags).toEqual([`tag-${holder}`]);
  });

  it("change one agent's metadata, and no change is lost", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({ id: "a" });
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    const beats = await mapConcurrently(20, keys, (key) =>
      registry.heartbeat("a", lease_token, { metadata: { [key]: true } }),
    );
    expect(beats.map(({ status }) => status)).toEqual(keys.map(() => 200));
    const { body } = await registry.get<Agent>("/v1/agents/a");
    expect(Object.keys(body.metadata).toSorted()).toEqual(keys.toSorted());
  });

  describe.each([
    { kind: "a whole heartbeat", says: { status: "busy", current_load: 9 } },
    { kind: "a partial heartbeat", says: { status: "busy", metadata: { old: true } } },
  ])("$kind racing a replacement", ({ says }) => {
    const expectUntouched = async (registry: Registry, old: Registered, current: Registered) => {
      expect((await registry.get<Agent>("/v1/agents/a")).body).toMatchObject({
        status: "available",
        current_load: 0,
        metadata: {},
        registered_at: current.registered_at,
      });
      const late = await registry.heartbeat("a", old.lease_token, says);
      expect(late).toMatchObject({ status: 409, body: { code: "lease_lost", action: "stop" } });
      expect((await registry.heartbeat("a", current.lease_token)).status).toBe(200);
    };

    it("never revives the old registration, whichever comes first", async () => {
      for (let round = 0; round < 20; round += 1) {
        const registry = new Registry({ backend: openBackend() });
        const old = await registry.register({ id: "a" });
        let raced = 0;
        let current = old;
        const beat = async () => {
          raced = (await registry.heartbeat("a", old.lease_token, says)).status;
        };
        const replace = async () => {
          current = await registry.register({ id: "a" });
        };
        await Promise.all(round % 2 === 0 ? [beat(), replace()] : [replace(), beat()]);
        expect([200, 409]).toContain(raced);
        await expectUntouched(registry, old, current);
      }
    });
  });

  it("a partial heartbeat that was replaced between its reading and its writing is told so", async () => {
    const backend = openBackend();
    const registry = new Registry({ backend });
    const old = await registry.register({ id: "a" });
    const slow = new Registry({
      backend: interrupted(backend, () => registry.register({ id: "a", metadata: { new: true } })),
    });
    const { status, body } = await slow.heartbeat("a", old.lease_token, { metadata: { old: true } });
    expect({ status, code: body["code"] }).toEqual({ status: 409, code: "lease_lost" });
    expect((await registry.get<Agent>("/v1/agents/a")).body.metadata).toEqual({ new: true });
  });

  it("an agent that calls in between the sweep's look and its reaping stays", async () => {
    const backend = openBackend();
    const registry = new Registry({ backend });
    const { lease_token } = await registry.register({ id: "a", ttl_seconds: 60 });
    await registry.pass(60_001);
    const slow = new Registry({ backend: interrupted(backend, () => registry.register({ id: "a" })) });
    await slow.pass(60_001);
    expect((await slow.post<{ lapsed: string[] }>("/v1/sweep")).body.lapsed).toEqual([]);
    expect((await registry.get("/v1/agents/a")).status).toBe(200);
    expect((await registry.heartbeat("a", lease_token)).status).toBe(409);
  });

  it("two sweeps tell each transition once", async () => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, 100, (i) => ({ ttl_seconds: i % 2 === 0 ? 60 : 3600 }));
    interface Swept {
      unreachable: string[];
      recovered: string[];
      lapsed: string[];
    }
    const both = async () => {
      const runs = await Promise.all([registry.post<Swept>("/v1/sweep"), registry.post<Swept>("/v1/sweep")]);
      expect(runs.map(({ status }) => status)).toEqual([200, 200]);
      return {
        unreachable: runs.flatMap(({ body }) => body.unreachable).toSorted(),
        lapsed: runs.flatMap(({ body }) => body.lapsed).toSorted(),
      };
    };
    const named = (wanted: (i: number) => boolean) =>
      Array.from({ length: 100 }, (_, i) => i)
        .filter(wanted)
        .map((i) => `agent-${String(i).padStart(5, "0")}`);

    await registry.pass(45_001);
    expect(await both()).toEqual({ unreachable: named(() => true), lapsed: [] });
    await registry.pass(15_000);
    expect(await both()).toEqual({ unreachable: [], lapsed: named((i) => i % 2 === 0) });
    const { body } = await registry.get<{ events: { type: string; id: string }[] }>("/v1/events?limit=1000");
    const told = body.events.map(({ type, id }) => `${type} ${id}`);
    expect(new Set(told).size).toBe(told.length);
    expect(told).toHaveLength(100 + 100 + 50);
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });
});

describe.each(BACKENDS)("clients at once on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("loses nothing when twenty clients register, call in and read at once [4-25]", async () => {
    const registry = open();
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const id = `client-${String(n).padStart(2, "0")}`;
        const { lease_token } = await registry.register({ id, capabilities: ["shared", `own-${n}`] });
        for (let load = 1; load <= 5; load += 1) {
          await registry.heartbeat(id, lease_token, { status: "available", current_load: load });
          await registry.heartbeat(id, lease_token, { metadata: { [`k${load}`]: n } });
          expect((await readAgent(registry, id)).current_load).toBe(load);
        }
      }),
    );
    const { agents } = (await registry.get<AgentList>("/v1/agents?capability=shared")).body;
    expect(agents.map(({ id, current_load, metadata }) => [id, current_load, metadata])).toEqual(
      Array.from({ length: 20 }, (_, n) => [
        `client-${String(n).padStart(2, "0")}`,
        5,
        { k1: n, k2: n, k3: n, k4: n, k5: n },
      ]),
    );
  });

  it("loses no key when one agent's heartbeats arrive all at once [4-18, 4-25]", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);
    const beats = await Promise.all(
      keys.map((key) => registry.heartbeat("a", lease_token, { metadata: { [key]: true } })),
    );
    expect(beats.map(({ status }) => status)).toEqual(keys.map(() => 200));
    expect(Object.keys((await readAgent(registry, "a")).metadata).toSorted()).toEqual(keys.toSorted());
  });
});
