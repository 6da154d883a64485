import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Entry, Kind } from "../../src/core/entry.ts";
import { UNUSED_MS } from "../../src/durable/last-use.ts";
import { durableGateway } from "../../src/gateway/durable-gateway.ts";
import { durablePool } from "../../src/pool/durable-pool.ts";
import { durableStore } from "../../src/store/embedded/durable-store.ts";
import { absent } from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { ANY, NOW, offer } from "../support/offers.ts";
import { toolsetEntryOf } from "../support/toolset-entries.ts";

/** The objects of one namespace, as the deployed Worker names them. */
function open() {
  const namespace = crypto.randomUUID();
  const poolStub = env.SERVICE_POOL.getByName(`${namespace}\x1fllm`);
  const gatewayStub = env.TOOL_GATEWAY.getByName(`${namespace}\x1ftext`);
  return {
    pool: durablePool(() => poolStub),
    gateway: durableGateway(() => gatewayStub),
    async register<K extends Kind>(kind: K, after: Entry<K>) {
      const store = durableStore(() => env.REGISTRY.getByName(namespace));
      const ref = { kind, id: after.document.registration.id };
      expect(await store.commit([{ before: absent(ref), after }], NOW)).toEqual(["committed"]);
    },
    goOffADayLater: async () => {
      await runInDurableObject(poolStub, ({ hosted }) => hosted.goOff(NOW + UNUSED_MS));
      await runInDurableObject(gatewayStub, ({ hosted }) => hosted.goOff(NOW + UNUSED_MS));
    },
  };
}

const epoch = { fence: "fence", registeredAt: NOW };
const CALL = {
  epoch,
  callId: "c",
  toolUseId: "u",
  caller: "",
  identity: null,
  digest: "d",
  message: JSON.stringify({ tool_use_id: "u", tool: "echo", payload: {}, meta: {} }),
  resultSchema: { hash: "h", json: "true" },
  keptMs: 900_000,
};

async function use({ pool, gateway }: Pick<ReturnType<typeof open>, "pool" | "gateway">): Promise<void> {
  const request = { offers: [offer("a")], query: ANY, lapsed: [], selectionId: "s", dryRun: false };
  await pool.resolve({}, request, NOW);
  await gateway.call(CALL, NOW);
}

const kept = async ({ pool, gateway }: ReturnType<typeof open>) => [
  (await pool.selections(1, NOW)).length,
  (await gateway.follow("c", 0, NOW)) === undefined ? 0 : 1,
];

describe("a pool and a gateway, a day after their last use,", () => {
  it("are emptied where the catalogue does not know them, and are then as new", async () => {
    const objects = open();
    await use(objects);
    expect(await kept(objects)).toEqual([1, 1]);
    await objects.goOffADayLater();
    expect(await kept(objects)).toEqual([0, 0]);
    await use(objects);
    expect(await kept(objects)).toEqual([1, 1]);
  });

  it("keep what they have where the catalogue knows them, lapsed or not", async () => {
    const objects = open();
    await objects.register("agent", entryOf({ id: "a", services: [{ service: "llm" }] }, NOW));
    await objects.register("toolset", toolsetEntryOf({ name: "text" }, NOW));
    await use(objects);
    await objects.goOffADayLater();
    expect((await objects.pool.selections(1, NOW)).length).toBe(1);
  });
});
