import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Host, lasting } from "../../../src/durable/hosted.ts";
import { UNUSED_MS } from "../../../src/durable/last-use.ts";
import { durableGateway, hostedGateway } from "../../../src/gateway/durable-gateway.ts";
import { directory, memory, type Storage } from "../../../src/local/databases.ts";
import { LocalObjects } from "../../../src/local/objects.ts";
import { sqlite } from "../../../src/local/sqlite.ts";
import { durablePool, hostedPool } from "../../../src/pool/durable-pool.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { ANY, offer } from "../../support/offers.ts";

const path = mkdtempSync(join(tmpdir(), "rollcall-objects-"));
afterAll(() => rmSync(path, { recursive: true }));
const inMemory = () => memory(sqlite());

/** Gateways, with calls to one of them. */
function openGateways(clock: FakeClock, storage: Storage) {
  const databases = storage.databasesOf("gateway");
  const objects = new LocalObjects({
    clock,
    databases,
    run: (host) => hostedGateway(host, async () => true),
  });
  const gateway = durableGateway(() => objects.stub("tools"));
  const epoch = { fence: "fence", registeredAt: 0 };
  return {
    objects,
    call: (callId: string) => {
      const message = JSON.stringify({ tool_use_id: "u", tool: "echo", payload: {}, meta: {} });
      const request = { epoch, callId, toolUseId: "u", caller: "", identity: null, digest: "", message };
      return gateway.call(
        { ...request, resultSchema: { hash: "h", json: "true" }, keptMs: 900_000 },
        clock.now(),
      );
    },
    claim: async (consumer: string) => {
      const claimed = await gateway.claim({ epoch, consumer, max: 1, intervalMs: 600_000 }, clock.now());
      if (claimed === "stale") throw new Error("this registration is the current one");
      const calls = claimed.messages.flatMap((message) => (message.type === "call" ? [message.call_id] : []));
      return { calls, arrived: () => gateway.arrived(claimed.seen, 1) };
    },
  };
}

describe("an object's alarm", () => {
  it("wakes it when it is due: the call of a provider that fell silent goes to one that waits", async () => {
    const clock = new FakeClock();
    const { objects, call, claim } = openGateways(clock, inMemory());
    await call("c");
    expect((await claim("silent")).calls).toEqual(["c"]);
    const waiting = await claim("other");
    const arrived = waiting.arrived();
    clock.step(60_001);
    await arrived;
    expect((await claim("other")).calls).toEqual(["c"]);
    await objects.close();
  });

  it("outlasts the process", async () => {
    const clock = new FakeClock();
    const before = directory(sqlite(), join(path, "outlasts"));
    const first = openGateways(clock, before);
    await first.call("c");
    await first.claim("silent");
    await first.objects.close();
    before.close();

    const after = directory(sqlite(), join(path, "outlasts"));
    expect(after.databasesOf("gateway").alarms()).toEqual([{ name: "tools", at: clock.now() + 60_001 }]);
    const { objects } = openGateways(clock, after);
    clock.step(60_001);
    await objects.close();
    // Past the lapsed claim, the next thing to do is to let the waiting call time out.
    expect(after.databasesOf("gateway").alarms()).toEqual([{ name: "tools", at: expect.any(Number) }]);
    after.close();
  });

  it("goes off again 10 s after it failed", async () => {
    const clock = new FakeClock();
    const tries: number[] = [];
    const run = () => ({
      ...lasting({}),
      async goOff(now: number) {
        tries.push(now);
        if (tries.length === 1) throw new Error("not now");
      },
    });
    const databases = inMemory().databasesOf("any");
    const at = clock.now() + 5;
    const objects = new LocalObjects({
      clock,
      run,
      databases: { ...databases, alarms: () => [{ name: "a", at }] },
    });
    clock.step(5);
    await expect.poll(() => tries).toEqual([at]);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    clock.step(9999);
    clock.step(1);
    await expect.poll(() => tries).toEqual([at, at + 10_000]);
    await objects.close();
  });
});

describe("an object that nobody knows any more", () => {
  it("is gone with its file a day after its last use, and begins anew when it is called", async () => {
    const clock = new FakeClock();
    const storage = directory(sqlite(), join(path, "forgotten"));
    const databases = storage.databasesOf("pool");
    const run = (host: Host) => hostedPool(host, async () => false);
    const objects = new LocalObjects({ clock, databases, run });
    const pool = durablePool(() => objects.stub("llm"));
    const resolve = () => {
      const request = { offers: [offer("a")], query: ANY, lapsed: [], selectionId: "s", dryRun: false };
      return pool.resolve({}, request, clock.now());
    };
    const files = () => readdirSync(join(path, "forgotten")).filter((name) => /^\d+\.sqlite$/.test(name));
    await resolve();
    expect(files()).toEqual(["1.sqlite"]);
    clock.step(UNUSED_MS);
    await expect.poll(files).toEqual([]);
    await resolve();
    expect(files()).toEqual(["2.sqlite"]);
    expect(await pool.selections(5, clock.now())).toHaveLength(1);
    await objects.close();
    storage.close();
  });
});

describe("a call to an object", () => {
  it("copies what it is given and what it answers", async () => {
    const kept: { list: number[] } = { list: [] };
    const run = () =>
      lasting({
        keep: (list: number[]) => void (kept.list = list),
        read: () => kept,
      });
    const databases = inMemory().databasesOf("any");
    const objects = new LocalObjects({ clock: new FakeClock(), databases, run });
    const stub = objects.stub("a") as unknown as {
      keep(list: number[]): Promise<void>;
      read(): Promise<{ list: number[] }>;
    };
    const list = [1];
    const keeping = stub.keep(list);
    list.push(2);
    await keeping;
    (await stub.read()).list.push(3);
    expect(await stub.read()).toEqual({ list: [1] });
    await objects.close();
  });

  it("reaches it after all that an earlier one does with the storage", async () => {
    const run = ({ storage }: Host) =>
      lasting({
        async wakeBy(at: number) {
          const set = await storage.getAlarm();
          if (set === null || set > at) await storage.setAlarm(at);
        },
        alarm: () => storage.getAlarm(),
      });
    const clock = new FakeClock();
    const objects = new LocalObjects({ clock, databases: inMemory().databasesOf("any"), run });
    const stub = objects.stub("a") as unknown as {
      wakeBy(at: number): Promise<void>;
      alarm(): Promise<number | null>;
    };
    const [sooner, later] = [clock.now() + 10, clock.now() + 20];
    await Promise.all([stub.wakeBy(sooner), stub.wakeBy(later)]);
    expect(await stub.alarm()).toBe(sooner);
    await objects.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
