import { describe, expect, it } from "vitest";
import { Problem } from "../../src/core/problem.ts";
import type { Store } from "../../src/store/store.ts";
import type { Fault } from "../support/bridge-control-protocol.ts";
import { entryOf } from "../support/entries.ts";
import { redisBackend } from "../support/stores.ts";
import { entryAt, eventOf, historyOf, put, ref, snapshotOf, T0 } from "./conformance/opened.ts";

const entry = entryOf({ id: "a", tags: ["eu"], metadata: { note: "secret" } }, T0, "f1");
const renewal = { ref: ref("a"), fence: "f1", lease: { ...entry.lease, currentLoad: 7 }, ttlMs: 300_000 };
const report = {
  at: T0,
  durationMs: 1,
  scanned: 1,
  unreachable: 0,
  recovered: 0,
  reaped: 0,
  healed: 0,
  lapsed: 0,
  census: null,
  resume: { roll: "", terms: "", byStatus: {} },
};

async function inhabited(timeoutMs?: number) {
  const { open, bridge, prefix } = redisBackend(timeoutMs);
  const store = open("default");
  await put(store, T0, entry);
  await store.keepSweepReport(report);
  return { store, bridge, prefix };
}

const READS: [name: string, call: (store: Store) => Promise<unknown>][] = [
  ["ping", (store) => store.ping(T0)],
  ["read", (store) => store.read([ref("a")], T0)],
  ["page", (store) => store.page({ kind: "agent", terms: ["tag:eu"], after: "", limit: 5 }, T0)],
  [
    "sample",
    async (store) =>
      (await store.sample({ kind: "agent", terms: ["agent"], exhaustive: 5, size: 5 }, T0)).entries,
  ],
  ["terms", (store) => store.terms({ prefix: "none:", after: "", limit: 5 })],
  ["roll", (store) => store.roll({ kind: "agent", after: "b", limit: 5 }, T0)],
  ["events", historyOf],
  ["latest", (store) => store.latest(5)],
  ["sweepReport", (store) => store.sweepReport()],
  ["signingKey", (store) => store.signingKey("made before")],
];
const amended = { ...entry, draining: true };
const WRITES: typeof READS = [
  [
    "commit",
    async (store) => store.commit([{ before: await snapshotOf(store, "a", T0), after: amended }], T0),
  ],
  ["renew", (store) => store.renew([renewal], T0)],
  ["keepSweepReport", (store) => store.keepSweepReport({ ...report, healed: 1 })],
];
const HEAL: (typeof READS)[number] = [
  "heal",
  (store) => store.heal({ kind: "agent", suspects: [{ id: "b", fence: "f1" }], after: "" }),
];

/** Connections that break off come further down: there a read and a write differ. */
const OUTAGES: Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 429 },
  { kind: "garbage" },
  { kind: "command-error" },
];

async function problemOf(attempt: Promise<unknown>): Promise<Problem> {
  const outcome = await attempt.then(
    (answer) => new Error(`it answered ${JSON.stringify(answer)}`),
    (reason: unknown) => reason,
  );
  if (!(outcome instanceof Problem)) throw outcome;
  return outcome;
}

describe.each([...READS, ...WRITES, HEAL])("%s", (_, call) => {
  it.each(OUTAGES)("answers $kind $status with store_unavailable, and gives nothing away", async (fault) => {
    const { store, bridge, prefix } = await inhabited();
    await bridge.fail(fault);
    const { code, message, kind } = await problemOf(call(store));
    expect(code).toBe("store_unavailable");
    expect(kind.retryAfterSeconds).toBe(2);
    for (const secret of ["secret", prefix, "EVALSHA", "lease:"]) expect(message).not.toContain(secret);
  });

  it("survives that Redis forgot the scripts", async () => {
    const { store } = await inhabited();
    const expected = await call(store);
    const forgetful = await inhabited();
    await forgetful.bridge.fail({ kind: "noscript" });
    expect(await call(forgetful.store)).toEqual(expected);
  });
});

describe("a read", () => {
  it.each(READS)("(%s) is tried once more when it breaks off", async (_, call) => {
    const { store, bridge } = await inhabited();
    const expected = await call(store);
    const { requests } = await bridge.cost(async () => {
      await bridge.fail({ kind: "cut", times: 1 });
      expect(await call(store)).toEqual(expected);
    });
    expect(requests).toBe(2);
  });

  it.each(READS)("(%s) is not tried a third time", async (_, call) => {
    const { store, bridge } = await inhabited();
    const { requests } = await bridge.cost(async () => {
      await bridge.fail({ kind: "cut", times: 2 });
      expect((await problemOf(call(store))).code).toBe("store_unavailable");
    });
    expect(requests).toBe(2);
  });

  it("is not tried again when it ran out of time", async () => {
    const { store, bridge } = await inhabited(300);
    const { requests } = await bridge.cost(async () => {
      await bridge.fail({ kind: "stall" });
      expect((await problemOf(store.ping(T0))).code).toBe("store_unavailable");
    });
    expect(requests).toBe(1);
  });

  it("fails whole when one of its commands does", async () => {
    const { store, bridge, prefix } = await inhabited();
    await bridge.raw("SET", `${prefix}:default:ledger`, "not a hash");
    const roll = store.roll({ kind: "agent", after: "", limit: 5 }, T0);
    expect((await problemOf(roll)).code).toBe("store_unavailable");
    expect((await problemOf(store.read([ref("b"), ref("a")], T0))).code).toBe("store_unavailable");
  });
});

describe("a write", () => {
  const before = () => ({ ref: ref("n"), entry: undefined, version: "" });
  const after = entryOf({ id: "n" }, T0, "f2");
  const writes: [name: string, call: (store: Store) => Promise<unknown>][] = [
    ["commit", (store) => store.commit([{ before: before(), after, event: eventOf("n") }], T0)],
    ["renew", (store) => store.renew([renewal], T0)],
    ["keepSweepReport", (store) => store.keepSweepReport({ ...report, healed: 1 })],
    HEAL,
  ];
  const effects = async (store: Store) => [
    await entryAt(store, "n", T0),
    (await entryAt(store, "a", T0))?.lease?.currentLoad,
    (await store.sweepReport())?.healed,
    await historyOf(store),
  ];

  it.each(writes.slice(0, 3))("(%s) is never sent twice: cut off, it has no effect", async (_, call) => {
    const { store, bridge } = await inhabited();
    const untouched = await effects(store);
    const { requests } = await bridge.cost(async () => {
      await bridge.fail({ kind: "cut", times: 1 });
      expect((await problemOf(call(store))).code).toBe("store_unavailable");
    });
    expect(requests).toBe(1);
    expect(await effects(store)).toEqual(untouched);
  });

  it.each(writes.slice(0, 3))(
    "(%s) is never sent twice: unanswered, it has its effect once",
    async (_, call) => {
      const { store, bridge } = await inhabited();
      const { requests } = await bridge.cost(async () => {
        await bridge.fail({ kind: "cut-reply", times: 1 });
        expect((await problemOf(call(store))).code).toBe("store_unavailable");
      });
      expect(requests).toBe(1);
      const reference = await inhabited();
      await call(reference.store);
      expect(await effects(store)).toEqual(await effects(reference.store));
    },
  );

  it("is sent whole, once, where Redis forgot the script, and with it nothing that it did run", async () => {
    const { store, bridge } = await inhabited();
    const { requests, log } = await bridge.cost(async () => {
      await bridge.fail({ kind: "noscript", times: 1 });
      expect(await store.commit([{ before: before(), after, event: eventOf("n") }], T0)).toEqual([
        "committed",
      ]);
    });
    expect(requests).toBe(2);
    expect(log.map((line) => line.split(" ")[0])).toEqual(["EVALSHA", "EVAL"]);
    expect(await historyOf(store)).toEqual([{ revision: 1, ...eventOf("n") }]);
    expect((await bridge.cost(() => store.read([ref("n")], T0))).requests).toBe(1);
  });
});

describe("round trips", () => {
  const MANY = Array.from({ length: 1500 }, (_, i) => entryOf({ id: `m${i}` }, T0, `f${i}`));
  const costs: [
    name: string,
    call: (store: Store) => Promise<unknown>,
    requests: number,
    commands: number,
  ][] = [
    ["a ping", (store) => store.ping(T0), 1, 1],
    ["a read of one", (store) => store.read([ref("m1")], T0), 1, 1],
    [
      "a page of 500",
      (store) => store.page({ kind: "agent", terms: ["agent"], after: "", limit: 500 }, T0),
      1,
      1,
    ],
    [
      "a sample of 200",
      (store) =>
        store.sample({ kind: "agent", terms: ["agent", "type:worker"], exhaustive: 200, size: 200 }, T0),
      1,
      1,
    ],
    [
      "250 changes, as many to a request as its size allows,",
      (store) =>
        store.commit(
          MANY.slice(0, 250).map((after) => ({
            before: { ref: ref("none"), entry: undefined, version: "x" },
            after,
          })),
          T0,
        ),
      1,
      250,
    ],
    ["a roll of 1,500", (store) => store.roll({ kind: "agent", after: "", limit: 5000 }, T0), 2, 4],
    [
      "500 heartbeats",
      (store) =>
        store.renew(
          MANY.slice(0, 500).map(({ document, lease }) => {
            return { ref: ref(document.registration.id), fence: document.fence, lease, ttlMs: 300_000 };
          }),
          T0,
        ),
      1,
      502,
    ],
    [
      "a change of one",
      (store) =>
        store.commit([{ before: { ref: ref("x"), entry: undefined, version: "" }, after: entry }], T0),
      1,
      1,
    ],
  ];

  it("do not grow with the fleet", async () => {
    const { open, bridge } = redisBackend();
    const store = open("default");
    await put(store, T0, ...MANY);
    for (const [name, call, requests, commands] of costs) {
      const cost = await bridge.cost(() => call(store));
      expect([name, cost.requests, cost.commands]).toEqual([name, requests, commands]);
    }
  });
});
