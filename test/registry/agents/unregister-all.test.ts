import { describe, expect, it } from "vitest";
import { unregisterAll } from "../../../src/registry/agents/unregister-all.ts";
import type { Store } from "../../../src/store/store.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";
import { storeAlone } from "../../support/sweep.ts";

const ADMIN = { name: "boss", scopes: ["admin" as const], namespace: "default" };
const ALL = { prefix: "agent-", after: undefined, dryRun: false };

describe.each(BACKENDS)("unregistering by a prefix on $backend", ({ openBackend }) => {
  it("names who is still there because others were always first, and removes the rest", async () => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, 3);
    const store = registry.backend.open("default");
    /** Somebody else always writes the second agent first. */
    const commit: Store["commit"] = async (changes, now) => {
      const busy = changes.filter(({ before }) => before.ref.id === "agent-00001");
      const others = changes.filter((change) => !busy.includes(change));
      const outcomes = others.length > 0 ? await store.commit(others, now) : [];
      return changes.map((change) => (busy.includes(change) ? change.before : outcomes.shift()!));
    };
    const { now } = registry;
    const removed = await unregisterAll(storeAlone({ ...store, commit }, now), ADMIN, ALL, now);
    expect(removed).toEqual({
      ids: ["agent-00000", "agent-00002"],
      failed: [
        { id: "agent-00001", problem: expect.objectContaining({ code: "store_contended" }) as unknown },
      ],
      next: null,
    });
    expect((await unregisterAll(storeAlone(store, now), ADMIN, ALL, now)).ids).toEqual(["agent-00001"]);
  });
});

it("does not name what is only left in an index, nor an id twice", async () => {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  await populate(registry, 1);
  for (const member of ["agent-00000\x1fearlier", "agent-00001\x1fgone"]) {
    await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:agent`, 0, member);
  }
  const namespace = registry.open("default");
  for (const dryRun of [true, false]) {
    const { ids } = await unregisterAll(namespace, ADMIN, { ...ALL, dryRun }, registry.now);
    expect(ids).toEqual(["agent-00000"]);
  }
});
