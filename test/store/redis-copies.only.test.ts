import { afterEach, describe, expect, it, vi } from "vitest";
import { readAgent } from "../../src/registry/agents/read.ts";
import { absent, type Store } from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { openRedis } from "../support/opened-redis.ts";
import { Registry } from "../support/registry.ts";
import { eventOf, put, ref, T0 } from "./conformance/opened.ts";

/** The one copy belongs to every test of this file. */
let caughtUp = async () => {};
afterEach(() => caughtUp());

/** A store whose writes the copy is told of no more, and another isolate that reads from the copy. */
async function behind() {
  const redis = openRedis();
  await redis.bridge.fallBehind();
  caughtUp = () => redis.bridge.catchUp();
  return { ...redis, other: redis.elsewhere() };
}

describe("where a copy that is behind answers plain reads", () => {
  it("a follower of events that has seen more than the copy is not told too_old, and misses nothing", async () => {
    const { store, other, bridge, elsewhere } = await behind();
    await store.commit([{ before: absent(ref("early")), after: undefined, event: eventOf("early") }], T0);
    const seen = await store.events({ since: undefined, limit: 10 });
    if (seen === "too_old") throw new Error("without a cursor nothing is too old");
    expect(seen.events).toMatchObject([{ id: "early" }]);

    // The copy has none of it.
    expect(await other.events({ since: undefined, limit: 10 })).toMatchObject({ events: [] });
    const missesNothing = async () =>
      expect(await elsewhere().events({ since: seen.next, limit: 10 })).toEqual({
        events: [],
        next: seen.next,
      });
    await missesNothing();
    expect((await bridge.cost(missesNothing)).requests).toBe(2);

    await bridge.catchUp();
    expect(await elsewhere().events({ since: undefined, limit: 10 })).toMatchObject({
      events: [{ id: "early" }],
    });
  });

  it("who reads events backwards from one that the copy does not have yet begins there", async () => {
    const { store, elsewhere } = await behind();
    await store.commit([{ before: absent(ref("early")), after: undefined, event: eventOf("early") }], T0);
    const [own] = await store.latest(1);
    expect(own).toMatchObject({ id: "early" });
    expect(await elsewhere().latest(1)).toEqual([]);
    expect(await elsewhere().latest(2, own)).toEqual([own]);
  });

  it("a lease that the copy does not have yet is kept", async () => {
    const { store, other } = await behind();
    await put(store, T0, entryOf({ id: "a" }, T0, "fence-a"));
    const leases = [
      { ref: ref("a"), fence: "fence-a" },
      { ref: ref("b"), fence: "fence-b" },
    ];
    expect(await other.areKept(leases, T0)).toEqual([true, false]);
  });

  it("a holder that the copy does not know yet is known", async () => {
    const { store, other } = await behind();
    const holder = { seenAt: T0, sockets: 1 };
    await store.keepHolder("h1.1", holder);
    expect(await other.holders(["h1.1", "h1.2"])).toEqual([holder, undefined]);
  });
});

describe("an isolate that asks the nearest copy", () => {
  const nearest = ({ elsewhere }: Pick<ReturnType<typeof openRedis>, "elsewhere">) =>
    elsewhere(undefined, "nearest");

  it("shows an agent that the copy does not know yet, and says of one that is nowhere that it is not found", async () => {
    const redis = await behind();
    await put(redis.store, T0, entryOf({ id: "a" }, T0));
    const [snapshot] = await nearest(redis).read([ref("a")], T0, { near: true });
    expect(snapshot).toMatchObject({ entry: undefined, mayBeBehind: true });

    expect(await readAgent({ store: nearest(redis) }, "a", T0)).toMatchObject({ entry: { draining: false } });
    expect(await readAgent({ store: nearest(redis) }, "b", T0)).toMatchObject({ code: "agent_not_found" });
  });

  it("shows an agent whose lease at the copy is one that has ended", async () => {
    const redis = openRedis();
    await put(redis.store, T0, { ...entryOf({ id: "a" }, T0, "before"), lease: null });
    await redis.bridge.fallBehind();
    caughtUp = () => redis.bridge.catchUp();
    await put(redis.store, T0, entryOf({ id: "a" }, T0, "after"));
    const found = await readAgent({ store: nearest(redis) }, "a", T0);
    expect(found).toMatchObject({ entry: { document: { fence: "after" } } });
  });

  it("finds an agent with one trip where the copy knows it", async () => {
    const redis = openRedis();
    await put(redis.store, T0, entryOf({ id: "a" }, T0));
    await redis.bridge.catchUp();
    const find = async () =>
      expect(await readAgent({ store: nearest(redis) }, "a", T0)).toMatchObject({ entry: { mark: null } });
    await find();
    const { log } = await redis.bridge.cost(find);
    expect(log).toEqual([expect.stringMatching(/^EVALSHA_RO .*:doc:/)]);
  });

  it("discovers and lists what the copy knows; one that asks the primary, what there is", async () => {
    const redis = await behind();
    await put(redis.store, T0, entryOf({ id: "a" }, T0));
    const isSeen = async (open: () => Store) => {
      const query = { kind: "agent", terms: ["agent"], near: true } as const;
      const draw = await open().sample({ ...query, exhaustive: 10, size: 10 }, T0);
      const page = await open().page({ ...query, after: "", limit: 10 }, T0);
      return [draw.total, page.entries.length];
    };
    expect(await isSeen(() => nearest(redis))).toEqual([0, 0]);
    expect(await isSeen(() => redis.elsewhere())).toEqual([1, 1]);
    await redis.bridge.catchUp();
    expect(await isSeen(() => nearest(redis))).toEqual([1, 1]);
  });

  it("sees what it has written, at the primary while the copy lacks it", async () => {
    const redis = await behind();
    const store = nearest(redis);
    await put(store, T0, entryOf({ id: "a" }, T0));
    const [snapshot] = await store.read([ref("a")], T0, { near: true });
    expect(snapshot).toMatchObject({ entry: { document: { registration: { id: "a" } } } });
  });
});

/** Has the answer to the next request come only when it is let through. */
function holdNextAnswer(): { arrived: Promise<void>; letThrough: () => void } {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: through, resolve: letThrough } = Promise.withResolvers<void>();
  const send = globalThis.fetch;
  vi.stubGlobal("fetch", async (...request: Parameters<typeof fetch>) => {
    vi.unstubAllGlobals();
    const answer = await send(...request);
    arrive();
    await through;
    return answer;
  });
  return { arrived, letThrough };
}

describe("what an isolate has written", () => {
  it("is read by itself, however far behind the copy is", async () => {
    const { store, other } = await behind();
    await put(store, T0, entryOf({ id: "a" }, T0));
    expect(await store.count("agent")).toBe(1);
    expect(await other.count("agent")).toBe(0);
  });

  it("is read by itself, even after a slow answer to what it asked before", async () => {
    const { store } = await behind();
    const { arrived, letThrough } = holdNextAnswer();
    const slow = store.count("agent");
    await arrived;
    await put(store, T0, entryOf({ id: "a" }, T0));
    letThrough();
    expect(await slow).toBe(0);
    expect(await store.count("agent")).toBe(1);
  });
});

describe("a caller that passes X-Rollcall-Sync on", () => {
  /** A registration in one isolate, whose answer carries a token, and another isolate. No copy has heard of it. */
  async function wrote(reads: "primary" | "nearest") {
    const redis = await behind();
    const isolate = () =>
      new Registry({ backend: { ...redis, open: () => redis.elsewhere(undefined, reads) } });
    const written = await isolate().post("/v1/agents", { id: "a", name: "a", type: "worker" });
    expect(written.status).toBe(201);
    const sync = { "X-Rollcall-Sync": written.headers.get("X-Rollcall-Sync")! };
    return { redis, isolate, sync, elsewhere: isolate() };
  }
  const idsIn = (body: unknown) => (body as { agents: { id: string }[] }).agents.map(({ id }) => id);

  it.each(["/v1/agents", "/v1/discover"])(
    "finds by GET %s what it wrote through another isolate",
    async (path) => {
      const { elsewhere, sync } = await wrote("nearest");
      expect(idsIn((await elsewhere.get(path)).body)).toEqual([]);
      expect(idsIn((await elsewhere.get(path, sync)).body)).toEqual(["a"]);
      expect(idsIn((await elsewhere.get(path)).body)).toEqual([]);
    },
  );

  it("follows what it wrote, where only plain reads go to the copy", async () => {
    const { elsewhere, sync } = await wrote("primary");
    const events = async (headers: Record<string, string>) =>
      (await elsewhere.get<{ events: { id: string }[] }>("/v1/events", headers)).body.events.map(
        ({ id }) => id,
      );
    expect(await events({})).toEqual([]);
    expect(await events(sync)).toEqual(["a"]);
  });

  it("is not answered by what the isolate has read before", async () => {
    const { elsewhere, sync } = await wrote("nearest");
    const path = "/v1/agents?max_stale=10";
    expect(idsIn((await elsewhere.get(path)).body)).toEqual([]);
    expect(idsIn((await elsewhere.get(path, sync)).body)).toEqual(["a"]);
  });

  it("is given it again by every answer, and a later one by what it writes", async () => {
    const { elsewhere, sync } = await wrote("nearest");
    const before = sync["X-Rollcall-Sync"];
    const passedOn = async (answer: Promise<{ headers: Headers }>) =>
      (await answer).headers.get("X-Rollcall-Sync");
    expect(await passedOn(elsewhere.get("/v1/agents"))).toBeNull();
    expect(await passedOn(elsewhere.get("/v1/agents", sync))).toBe(before);
    expect(await passedOn(elsewhere.get("/v1/agents/nobody", sync))).toBe(before);

    const offsetOf = (text: string | null) => Number(/=(\d+)$/.exec(text ?? "")?.[1]);
    const after = await passedOn(elsewhere.post("/v1/agents/a/drain", undefined, sync));
    expect(offsetOf(after)).toBeGreaterThan(offsetOf(before));
  });

  it("is waited for by no other database than the one that gave it", async () => {
    const { elsewhere, sync } = await wrote("nearest");
    const ofAnother = { "X-Rollcall-Sync": sync["X-Rollcall-Sync"].replace(/^\w+/, "another") };
    expect(idsIn((await elsewhere.get("/v1/agents", ofAnother)).body)).toEqual([]);
  });
});
