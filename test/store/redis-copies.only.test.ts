import { afterEach, describe, expect, it, vi } from "vitest";
import { readAgent } from "../../src/registry/agents/read.ts";
import { shardedStore } from "../../src/store/sharded/sharded-store.ts";
import { absent, type Store } from "../../src/store/store.ts";
import { entryOf } from "../support/entries.ts";
import { openRedis } from "../support/opened-redis.ts";
import { Registry } from "../support/registry.ts";
import { ECHO, namesOf, type ToolsetList } from "../support/toolsets.ts";
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

  it("says of a page over several stores too that it may be behind, unless it asked the primary", async () => {
    const [one, two] = [openRedis(), openRedis()].map(nearest);
    const store = shardedStore([
      { name: "1", store: one! },
      { name: "2", store: two! },
    ]);
    const page = (near: boolean) =>
      store.page({ kind: "agent", terms: ["agent"], after: "", limit: 10, near }, T0);
    expect(await page(true)).toEqual({ entries: [], next: null, mayBeBehind: true });
    expect(await page(false)).toEqual({ entries: [], next: null });
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

const isolateOf = (redis: ReturnType<typeof openRedis>, reads: "primary" | "nearest" = "nearest") =>
  new Registry({ backend: { ...redis, open: () => redis.elsewhere(undefined, reads) } });

describe("a caller that passes X-Rollcall-Sync on", () => {
  /** A registration in one isolate, whose answer carries a token, and another isolate. No copy has heard of it. */
  async function wrote(reads: "primary" | "nearest") {
    const redis = await behind();
    const isolate = () => isolateOf(redis, reads);
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

describe("what is decided where the copy is behind", () => {
  /** Agent and toolset "old" are everywhere; what another isolate does from now on, the copy does not hear of. */
  async function twoIsolates() {
    const redis = openRedis();
    const writer = isolateOf(redis, "primary");
    const service = { services: [{ service: "llm" }] };
    const old = await writer.register({ id: "old", ...service });
    const toolset = { name: "old", tools: [ECHO] };
    await writer.post("/v1/toolsets", toolset);
    await redis.bridge.fallBehind();
    await redis.bridge.catchUp();
    await redis.bridge.fallBehind();
    caughtUp = () => redis.bridge.catchUp();
    return { redis, writer, old, service, elsewhere: isolateOf(redis) };
  }

  it("drains, calls in for and unregisters an agent that the copy does not know yet", async () => {
    const { writer, elsewhere } = await twoIsolates();
    const { lease_token } = await writer.register({ id: "new" });
    const statuses = [
      (await elsewhere.post("/v1/agents/new/drain")).status,
      (await elsewhere.heartbeat("new", lease_token, { metadata: { a: 1 } })).status,
      (await elsewhere.call("DELETE", "/v1/agents/new", undefined, { "Lease-Token": lease_token })).status,
    ];
    expect(statuses).toEqual([200, 200, 204]);
    expect((await writer.get("/v1/agents/new")).status).toBe(404);
  });

  it("believes no holder whom another has replaced, and none of an agent that is gone", async () => {
    const { writer, old, elsewhere } = await twoIsolates();
    const callIn = async () => {
      const { status, body } = await elsewhere.heartbeat("old", old.lease_token, { metadata: { a: 1 } });
      return [status, body["code"]];
    };
    const { lease_token } = await writer.register({ id: "old" });
    expect(await callIn()).toEqual([409, "lease_lost"]);
    await writer.call("DELETE", "/v1/agents/old", undefined, { "Lease-Token": lease_token });
    expect(await callIn()).toEqual([409, "lease_lost"]);
    expect((await elsewhere.post("/v1/agents/old/drain")).status).toBe(404);
  });

  it("drains an agent that at the copy is drained already", async () => {
    const { redis, writer, elsewhere } = await twoIsolates();
    await writer.post("/v1/agents/old/drain");
    await redis.bridge.catchUp();
    await redis.bridge.fallBehind();
    await writer.call("DELETE", "/v1/agents/old/drain");
    expect((await elsewhere.post("/v1/agents/old/drain")).status).toBe(200);
    expect((await writer.get("/v1/agents/old")).body).toMatchObject({ effective_status: "draining" });
  });

  it("takes one trip to the copy and one to the primary where nothing has changed", async () => {
    const { redis, old, elsewhere } = await twoIsolates();
    const callIn = (a: number) => elsewhere.heartbeat("old", old.lease_token, { metadata: { a } });
    const drain = () => elsewhere.post("/v1/agents/old/drain");
    await callIn(1);
    for (const change of [() => callIn(2), drain]) {
      await redis.bridge.catchUp();
      const { log } = await redis.bridge.cost(async () => expect((await change()).status).toBe(200));
      expect(log).toEqual([
        expect.stringMatching(/^EVALSHA_RO .*:doc:/),
        expect.stringMatching(/^EVALSHA .*:doc:/),
      ]);
    }
  });

  it("resolves to what the copy knows; what it does not, by the primary", async () => {
    const { redis, writer, service, old } = await twoIsolates();
    const resolve = async (name = "llm") => {
      // One that has resolved before has written the key of the proofs, and sees no less than that.
      const { status, body } = await isolateOf(redis).get(`/v1/services/${name}/resolve`);
      return body["provider"] === undefined ? [status, body["code"]] : [status, body["provider"]];
    };
    await writer.register({ id: "new", services: [{ service: "tts" }, ...service.services] });
    await writer.call("DELETE", "/v1/agents/old", undefined, { "Lease-Token": old.lease_token });
    expect(await resolve()).toMatchObject([200, { id: "old" }]);
    expect(await resolve("tts")).toMatchObject([200, { id: "new" }]);
    expect(await resolve("stt")).toEqual([404, "service_not_found"]);
  });

  it("shows the toolsets that the copy knows, and one that it does not", async () => {
    const { writer, elsewhere } = await twoIsolates();
    await writer.post("/v1/toolsets", { name: "new", tools: [ECHO] });
    expect(namesOf(await elsewhere.get<ToolsetList>("/v1/toolsets"))).toEqual(["old"]);
    await writer.post("/v1/toolsets", { name: "old", description: "later", tools: [ECHO] });
    expect((await elsewhere.get("/v1/toolsets/old")).body).toMatchObject({ description: "" });
    expect((await elsewhere.get("/v1/toolsets/new")).status).toBe(200);
    expect((await elsewhere.get("/v1/toolsets/none")).status).toBe(404);
  });
});
