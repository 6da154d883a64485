import { describe, expect, it } from "vitest";
import { LAPSED_KEPT_MIN } from "../../src/core/agents/grace.ts";
import { storeUnavailable } from "../../src/core/problem.ts";
import { tallyTerms } from "../../src/registry/agents/term-tally.ts";
import { sweep } from "../../src/registry/sweep.ts";
import type { Store } from "../../src/store/store.ts";
import { populate } from "../support/populate.ts";
import { Registry } from "../support/registry.ts";
import { type Backend, BACKENDS } from "../support/stores.ts";

const failing = (): Promise<never> => Promise.reject(storeUnavailable("test", new Error("out")));

/** The same backend, some of whose methods fail. */
const without = (backend: Backend, ...methods: (keyof Store)[]): Backend => ({
  ...backend,
  open: (namespace) => ({
    ...backend.open(namespace),
    ...Object.fromEntries(methods.map((method) => [method, failing])),
  }),
});

describe.each(BACKENDS)("a sweep on $backend", ({ openBackend }) => {
  async function silent() {
    const backend = openBackend();
    const registry = new Registry({ backend });
    await populate(registry, 3);
    await registry.pass(45_001);
    const store = backend.open("default");
    const run = (...broken: (keyof Store)[]) => {
      const { open } = new Registry({ backend: without(backend, ...broken) });
      return sweep(open("default"), registry.now);
    };
    return { registry, store, run };
  }

  it("that cannot heal has told, counted and kept what the roll found, and the next goes on", async () => {
    const { store, run } = await silent();
    await expect(run("heal")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.latest(10)).toHaveLength(6);
    expect(await store.sweepReport()).toMatchObject({
      scanned: 3,
      unreachable: 3,
      healed: 0,
      census: { byStatus: { unreachable: 3 }, lapsed: 0 },
      resume: { roll: "", terms: "", checks: "" },
    });
    expect(await run()).toMatchObject({ scanned: 3, unreachable: [], complete: true });
  });

  it("that cannot check health has done everything else", async () => {
    const { store, run } = await silent();
    await expect(run("page")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.sweepReport()).toMatchObject({
      unreachable: 3,
      census: { byStatus: { unreachable: 3 } },
    });
  });

  it("that cannot read the roll goes on with the other parts", async () => {
    const { store, run } = await silent();
    await expect(run("muster")).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await store.sweepReport()).toMatchObject({ scanned: 0, census: null, resume: { checks: "" } });
    expect(await run()).toMatchObject({ scanned: 3, complete: true });
  });
});

describe("the terms of a large fleet", () => {
  const counted = (names: number): Pick<Store, "terms"> => {
    const terms = [
      ...Array.from({ length: names }, (_, i) => ({
        term: `capability:${String(i).padStart(6, "0")}`,
        entries: 1 + (i % 1000),
      })),
      { term: "type:a", entries: 5 },
      { term: "type:b", entries: 7 },
    ];
    return {
      async terms({ prefix, after, limit }) {
        const page = terms.filter(({ term }) => term.startsWith(prefix) && term > after).slice(0, limit);
        return { terms: page, next: page.length === limit ? page.at(-1)!.term : null };
      },
    };
  };

  it("are counted in runs of at most five pages, and the 100 largest are kept by name", async () => {
    const store = counted(12_000) as Store;
    let runs = 0;
    let tallied = await tallyTerms(store, undefined);
    while (!tallied.byTerm) {
      runs += 1;
      expect(runs).toBeLessThanOrEqual(3);
      expect(JSON.stringify(tallied.progress).length).toBeLessThan(10_000);
      tallied = await tallyTerms(store, tallied.progress);
    }
    const { type, capability } = tallied.byTerm;
    expect(type).toEqual({
      names: 2,
      entries: 12,
      largest: [
        ["b", 7],
        ["a", 5],
      ],
    });
    expect(capability).toMatchObject({ names: 12_000, entries: 12 * 500_500 });
    expect(capability!.largest).toHaveLength(100);
    expect(capability!.largest.slice(0, 12).every(([, entries]) => entries === 1000)).toBe(true);
  });
});

describe.each(BACKENDS)("the lapsed on $backend", ({ openBackend }) => {
  it("are kept as many as were alive, and beyond that the oldest go first", async () => {
    const backend = openBackend();
    const registry = new Registry({ backend });
    const run = () => sweep(registry.open("default"), registry.now);
    const brief = (from: number) => (i: number) => ({
      id: `brief-${String(from + i).padStart(5, "0")}`,
      ttl_seconds: 2,
      heartbeat_interval_seconds: 1,
    });
    await populate(registry, LAPSED_KEPT_MIN - 10, brief(20));
    await registry.pass(2001);
    expect((await run()).lapsed).toHaveLength(LAPSED_KEPT_MIN - 10);
    await populate(registry, 20, brief(0));
    await registry.pass(60_000);
    expect(await run()).toMatchObject({ lapsed: { length: 20 }, reaped: [] });
    const { reaped } = await run();
    expect(reaped).toEqual(Array.from({ length: 10 }, (_, i) => brief(20)(i).id));
    expect((await run()).reaped).toEqual([]);
    expect((await backend.open("default").sweepReport())?.census?.lapsed).toBe(LAPSED_KEPT_MIN);
  });

  it("are all kept after an outage, however many: as many were alive", async () => {
    const registry = new Registry({ backend: openBackend() });
    const run = () => sweep(registry.open("default"), registry.now);
    await populate(registry, LAPSED_KEPT_MIN + 100, () => ({
      ttl_seconds: 16,
      heartbeat_interval_seconds: 8,
    }));
    await run();
    await registry.pass(16_001);
    expect((await run()).lapsed).toHaveLength(LAPSED_KEPT_MIN + 100);
    for (let minute = 1; minute <= 5; minute += 1) {
      await registry.pass(60_000);
      expect((await run()).reaped).toEqual([]);
    }
  });
});
