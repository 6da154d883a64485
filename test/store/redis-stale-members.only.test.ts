import { termCounts } from "../support/audit.ts";
import { describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { sweepStore, sweepUntilReaped } from "../support/sweep.ts";
import { entryOf } from "../support/entries.ts";
import { member, openRedis } from "../support/opened-redis.ts";
import { draw, historyOf, idsOf, pageThrough, put, ref, T0 } from "./conformance/opened.ts";

const runSweep = (store: Store) => sweepStore(store, T0);

describe("a stale member of an index", () => {
  /** `a` has the capability x, `c` has y. */
  async function populated() {
    const opened = openRedis();
    const { store, redis } = opened;
    const a = entryOf({ id: "a", capabilities: ["x"] }, T0, "f1");
    const c = entryOf({ id: "c", capabilities: ["y"] }, T0, "f1");
    await put(store, T0, a, c);
    return {
      ...opened,
      a,
      plant: async (term: string, ...members: string[]) => {
        for (const name of members) await redis("ZADD", `ix:${term}`, 0, name);
        await redis("ZADD", "term_names", 0, term);
      },
    };
  }
  const STALE: [what: string, stale: string][] = [
    ["that no document stands behind", member("b", "f1")],
    ["of a registration that was replaced since", member("a", "f0")],
    ["that sorts behind the living one of its id", member("a", "f9")],
    ["that is a living agent's under another's term", member("c", "f1")],
  ];
  const sampleOf = async (store: Store, ...terms: string[]) =>
    idsOf((await draw(store, { kind: "agent", terms, exhaustive: 100, size: 5 }, T0)).entries);

  it.each(STALE)("%s is in no answer, and the answer heals", async (_, stale) => {
    for (const look of [
      async (store: Store) => idsOf(await pageThrough(store, ["capability:x"], 10, T0)),
      async (store: Store) => sampleOf(store, "capability:x"),
    ]) {
      const { store, plant, members } = await populated();
      await plant("capability:x", stale);
      expect((await termCounts(store)).get("capability:x")).toBe(2);
      expect(await look(store)).toEqual(["a"]);
      expect(await members("capability:x")).toEqual([member("a", "f1")]);
      expect((await termCounts(store)).get("capability:x")).toBe(1);
      expect(await members("capability:y")).toEqual([member("c", "f1")]);
    }
  });

  it.each(STALE)("%s keeps nobody living out of the pages", async (_, stale) => {
    const { store, plant } = await populated();
    await put(store, T0, entryOf({ id: "d", capabilities: ["x"] }, T0, "f1"));
    await plant("capability:x", stale);
    expect(idsOf(await pageThrough(store, ["capability:x"], 1, T0))).toEqual(["a", "d"]);
  });

  it.each(STALE)("%s is in no answer even while it cannot be healed", async (_, stale) => {
    const { store, plant, bridge, members } = await populated();
    await plant("capability:x", stale);
    await bridge.fail({ kind: "status", after: 1 });
    const page = await store.page({ kind: "agent", terms: ["capability:x"], after: "", limit: 10 }, T0);
    expect(idsOf(page.entries)).toEqual(["a"]);
    await bridge.heal();
    expect(await members("capability:x")).toHaveLength(2);
  });

  it("under several of the terms asked for is healed in each", async () => {
    const { store, plant, members } = await populated();
    await plant("capability:x", member("b", "f1"), member("b", "f2"));
    await plant("type:worker", member("b", "f1"), member("b", "f2"));
    expect(await sampleOf(store, "capability:x", "type:worker")).toEqual(["a"]);
    expect(await members("capability:x")).toEqual([member("a", "f1")]);
    expect(await members("type:worker")).toEqual([member("a", "f1"), member("c", "f1")]);
    expect(await termCounts(store)).toEqual(
      new Map(Object.entries({ agent: 2, "type:worker": 2, "capability:x": 1, "capability:y": 1 })),
    );
  });

  it.each(STALE.slice(0, 3))("%s is gone from all indexes after a sweep", async (_, stale) => {
    const { store, plant, members } = await populated();
    const terms = ["agent", "capability:x", "type:worker", "tag:nobody"];
    for (const term of terms) await plant(term, stale);
    const summary = await runSweep(store);
    expect(summary).toMatchObject({ healed: 4, reaped: [], unreachable: [], recovered: [] });
    expect(await members("agent")).toEqual([member("a", "f1"), member("c", "f1")]);
    expect(await termCounts(store)).toEqual(
      new Map(Object.entries({ agent: 2, "type:worker": 2, "capability:x": 1, "capability:y": 1 })),
    );
    expect(await historyOf(store)).toEqual([]);
    expect((await runSweep(store)).healed).toBe(0);
  });

  it("whose document was lost is gone after a sweep, and the id can be had again", async () => {
    const { store, redis, members, advance } = await populated();
    await redis("DEL", "doc:agent:a");
    expect(await sampleOf(store, "agent", "type:worker")).toEqual(["c"]);
    await put(store, T0, entryOf({ id: "a", capabilities: ["x"] }, T0, "f2"));
    expect(await sampleOf(store, "capability:x")).toEqual(["a"]);
    await advance(T0 + 300_001);
    expect(await sweepUntilReaped(store, T0 + 300_001)).toEqual(["a", "c"]);
    expect(await members("agent")).toEqual([]);
    expect(await termCounts(store)).toEqual(new Map());
  });

  it("is no member whose document cannot be read", async () => {
    const { store, redis, members } = await populated();
    await redis("SET", "doc:agent:a", "{}");
    expect(await sampleOf(store, "capability:x")).toEqual([]);
    expect(await members("capability:x")).toEqual([member("a", "f1")]);
  });

  it("whose document was lost leaves no stamp after a sweep", async () => {
    const { store, redis } = await populated();
    await redis("DEL", "doc:agent:a");
    await redis("DEL", "lease:agent:a:f1");
    await runSweep(store);
    expect(await redis("HKEYS", "stamps")).toEqual(["agent:c"]);
  });

  it("is no reason to name a term: a sweep removes names that nothing is under", async () => {
    const { store, redis } = await populated();
    await redis("ZADD", "term_names", 0, "tag:nobody");
    await runSweep(store);
    expect(await redis("ZSCORE", "term_names", "tag:nobody")).toBeNull();
    expect(await termCounts(store)).toEqual(
      new Map(Object.entries({ agent: 2, "type:worker": 2, "capability:x": 1, "capability:y": 1 })),
    );
  });

  it("loses its lease where the document was lost: its holder is gone, and registers anew", async () => {
    for (const find of [
      async (store: Store) => expect(await sampleOf(store, "agent")).toEqual(["c"]),
      async (store: Store) => expect((await runSweep(store)).healed).toBe(1),
    ]) {
      const { store, redis, a } = await populated();
      const renew = () => store.renew([{ ref: ref("a"), fence: "f1", lease: a.lease, ttlMs: 300_000 }], T0);
      await redis("DEL", "doc:agent:a");
      expect(await renew()).toEqual(["run"]);
      await find(store);
      expect(await renew()).toEqual(["gone"]);
    }
  });

  it("is not made of one that the index of all agents has lost: it is put back", async () => {
    const { store, redis, members } = await populated();
    await redis("DEL", "ix:agent");
    expect((await runSweep(store)).healed).toBe(2);
    expect(await members("agent")).toEqual([member("a", "f1"), member("c", "f1")]);
    expect((await termCounts(store)).get("agent")).toBe(2);
    expect((await runSweep(store)).healed).toBe(0);
  });

  it("is no name of a term: a sweep names those that an earlier version only counted, and keeps no counts", async () => {
    const { store, redis } = await populated();
    const before = await termCounts(store);
    await redis("DEL", "term_names");
    for (const [term, entries] of before) await redis("HSET", "terms", term, entries);
    await redis("HSET", "terms", "tag:nobody", 1);
    await runSweep(store);
    expect(await redis("EXISTS", "terms")).toBe(0);
    expect(await termCounts(store)).toEqual(before);
    expect(await redis("ZRANGE", "term_names", 0, -1)).toEqual([...before.keys()].toSorted());
  });

  it("is found however many terms there are, a part of them in each sweep", async () => {
    const { store, plant } = await populated();
    // Redis hands a hash out in parts once it is larger than this.
    const tags = Array.from({ length: 600 }, (_, i) => `tag:${i}`);
    for (const tag of tags) await plant(tag, member("b", "f1"));
    const healed: number[] = [];
    for (let run = 0; run < 200; run += 1) healed.push((await runSweep(store)).healed);
    expect(healed.reduce((sum, n) => sum + n)).toBe(600);
    expect(Math.max(...healed)).toBeLessThan(100);
    expect([...(await termCounts(store)).keys()].toSorted()).toEqual([
      "agent",
      "capability:x",
      "capability:y",
      "type:worker",
    ]);
  });
});
