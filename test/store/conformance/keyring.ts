import { expect, it } from "vitest";
import type { StoredKey } from "../../../src/core/api-key.ts";
import type { Store } from "../../../src/store/store.ts";
import { historyOf, type Open, T0 } from "./opened.ts";

const HOUR_MS = 3_600_000;

const keyOf = (id: string, rest: Partial<StoredKey> = {}): StoredKey => ({
  id,
  digest: `digest of ${id}`,
  name: `name of ${id}`,
  scopes: ["read", "write"],
  createdAt: T0,
  createdBy: null,
  expiresAt: null,
  ...rest,
});

async function put(store: Store, ...keys: StoredKey[]): Promise<void> {
  const { version } = await store.keyring();
  expect(await store.changeKeyring(version, { put: keys, remove: [] })).toBe(true);
}

export function keepsKeys(open: Open): void {
  it("gives keys by their ids, in the order asked for, and undefined for what there is not", async () => {
    const { store } = open();
    expect(await store.findKeys(["a"], T0)).toEqual([undefined]);
    expect(await store.findKeys([], T0)).toEqual([]);
    const [a, b] = [keyOf("a"), keyOf("b", { createdBy: "wren", expiresAt: T0 + 1, overlapUntil: T0 + 2 })];
    await put(store, b, a);
    expect(await store.findKeys(["b", "none", "a"], T0)).toEqual([b, undefined, a]);
  });

  it("lists keys by id, with the hour of their last use", async () => {
    const { store } = open();
    expect((await store.keyring()).keys).toEqual([]);
    await put(store, keyOf("b"), keyOf("a"), keyOf("c"));
    await store.findKeys(["b", "c"], T0 + HOUR_MS - 1);
    await store.findKeys(["c"], T0 + HOUR_MS + 1);
    // A clock that is behind takes nothing back.
    await store.findKeys(["c"], T0);
    expect((await store.keyring()).keys).toEqual([
      { key: keyOf("a"), lastUsedAt: null },
      { key: keyOf("b"), lastUsedAt: T0 },
      { key: keyOf("c"), lastUsedAt: T0 + HOUR_MS },
    ]);
  });

  it("notes no use of a key that there is not", async () => {
    const { store } = open();
    await store.findKeys(["a"], T0);
    await put(store, keyOf("a"));
    expect((await store.keyring()).keys).toEqual([{ key: keyOf("a"), lastUsedAt: null }]);
  });

  it("tells of a change with it, and of none that another was before", async () => {
    const { store } = open();
    const event = (id: string) => ({ type: "key_created", kind: "key", id, at: T0 }) as const;
    const { version } = await store.keyring();
    expect(await store.changeKeyring(version, { put: [keyOf("a")], remove: [] }, event("a"))).toBe(true);
    expect(await store.changeKeyring(version, { put: [keyOf("b")], remove: [] }, event("b"))).toBe(false);
    expect(await historyOf(store)).toEqual([{ revision: 1, ...event("a") }]);
  });

  it("writes and removes keys in one change, and keeps when the others were used", async () => {
    const { store } = open();
    await put(store, keyOf("a"), keyOf("b"));
    await store.findKeys(["a", "b"], T0);
    const { version } = await store.keyring();
    const after = keyOf("a", { overlapUntil: T0 + 5 });
    expect(await store.changeKeyring(version, { put: [after, keyOf("c")], remove: ["b"] })).toBe(true);
    expect((await store.keyring()).keys).toEqual([
      { key: after, lastUsedAt: T0 },
      { key: keyOf("c"), lastUsedAt: null },
    ]);
    await put(store, keyOf("b"));
    expect((await store.keyring()).keys[1]).toEqual({ key: keyOf("b"), lastUsedAt: null });
  });

  it("changes nothing where a key was written or removed since it was read, and does where one was used", async () => {
    const { store } = open();
    const empty = await store.keyring();
    await put(store, keyOf("a"), keyOf("b"));
    const full = await store.keyring();
    expect(await store.changeKeyring(empty.version, { put: [keyOf("c")], remove: ["a"] })).toBe(false);
    expect(await store.findKeys(["a", "c"], T0)).toEqual([keyOf("a"), undefined]);
    expect(await store.changeKeyring(full.version, { put: [], remove: ["a"] })).toBe(true);
    expect(await store.changeKeyring(full.version, { put: [], remove: ["b"] })).toBe(false);
    expect(await store.findKeys(["a", "b"], T0)).toEqual([undefined, keyOf("b")]);
  });

  it("lets one of many changes at once through", async () => {
    const { store } = open();
    const { version } = await store.keyring();
    const changes = ["a", "b", "c"].map((id) =>
      store.changeKeyring(version, { put: [keyOf(id)], remove: [] }),
    );
    expect((await Promise.all(changes)).filter(Boolean)).toEqual([true]);
    expect((await store.keyring()).keys).toHaveLength(1);
  });
}
