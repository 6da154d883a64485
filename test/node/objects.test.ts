import { describe, expect, it } from "vitest";
import { ToolGateway } from "../../src/gateway/tool-gateway.ts";
import { NO_SOCKETS } from "../../src/local/objects.ts";
import { SqliteStorage } from "../../src/local/sqlite-storage.ts";
import { sqlite } from "../../src/local/sqlite.ts";
import { ServicePool } from "../../src/pool/service-pool.ts";
import { RegistryObject } from "../../src/store/embedded/registry-object.ts";
import { toEntry } from "../../src/store/embedded/rows.ts";
import { entryOf } from "../support/entries.ts";
import { ANY, NOW, offer } from "../support/offers.ts";

const sqliteStorage = () => new SqliteStorage(sqlite()(":memory:"), { at: null });

describe("an object on any SQLite, without the platform's class,", () => {
  it("keeps a namespace's entries", () => {
    const registry = new RegistryObject(sqliteStorage(), () => NOW);
    const ref = { kind: "agent", id: "a" } as const;
    const [{ version } = { version: "not read" }] = registry.read([ref]);
    const after = entryOf({ id: "a", tags: ["eu"] }, NOW);
    expect(registry.commit([{ before: { ref, version }, after }], NOW)).toEqual(["committed"]);
    const { rows } = registry.page({ kind: "agent", terms: ["tag:eu"], after: "", limit: 5 });
    expect(rows.map(toEntry)).toEqual([after]);
    const { lease } = after;
    expect(registry.renew([{ ref, fence: "fence", lease, ttlMs: 1000 }])).toEqual(["run"]);
  });

  it("shares a service's providers", () => {
    const pool = new ServicePool(sqliteStorage());
    const [a, b] = ["a", "b"].map((id) => offer(id, { strategy: "round_robin" }));
    const chosen = ["s1", "s2", "s3"].map((selectionId) => {
      const request = { offers: [a!, b!], query: ANY, selectionId, dryRun: false, lapsed: [] };
      return pool.resolve(request, NOW).chosen?.offer.provider;
    });
    expect(chosen).toEqual(["a", "b", "a"]);
    expect(pool.selections(5).map(({ selectionId }) => selectionId)).toEqual(["s3", "s2", "s1"]);
  });

  it("passes a toolset's calls on, and wakes a provider that waits", async () => {
    const storage = sqliteStorage();
    const gateway = new ToolGateway(storage, NO_SOCKETS);
    const epoch = { fence: "fence", registeredAt: NOW };
    const message = JSON.stringify({ tool_use_id: "u", tool: "echo", payload: {}, meta: {} });
    const resultSchema = { hash: "h", json: "true" };
    const call = { callId: "c", toolUseId: "u", caller: "", identity: null, digest: "", message };
    const request = { epoch, ...call, resultSchema };
    const claim = async () => {
      const answer = await gateway.claim({ epoch, consumer: "p", max: 1, intervalMs: 1000 }, NOW);
      if (answer === "stale") throw new Error("this registration is the current one");
      return answer;
    };
    const arrived = gateway.arrived((await claim()).seen, 1);
    await gateway.call(request, NOW);
    await arrived;
    const [claimId] = (await claim()).messages.flatMap((got) => (got.type === "call" ? [got.claim_id] : []));
    const settlement = { fence: epoch.fence, callId: "c", claimId: claimId!, outcome: { result: 1 } };
    expect(await gateway.settle(settlement, NOW)).toBe("taken");
    expect(gateway.follow("c", 0, NOW)).toMatchObject({ status: "done", outcome: { result: 1 } });
    expect(await storage.getAlarm()).toBe(NOW + 1000);
  });
});
