import { describe, expect, it } from "vitest";
import { FAILING_MAX_MS, RETRY_FIRST_MS, RETRY_MAX_MS } from "../../src/core/webhooks/progress.ts";
import { LOOK_EVERY_MS } from "../../src/webhooks/webhook-sender.ts";
import { BACKENDS, redisBackend } from "../support/stores.ts";
import { Hooked, URL_A } from "../support/webhooks.ts";

const URL_B = "https://receiver.example/b";

interface State {
  state: string;
  queued: number;
  last_delivered_at: string | null;
  failing_since: string | null;
  last_failure: string | null;
  next_attempt_at: string | null;
  ended_at: string | null;
  ended_because: string | null;
}

const stateOf = async ({ registry }: Hooked, id: string) =>
  (await registry.get<State>(`/v1/subscriptions/${id}`)).body;

const isoTime = (at: number) => new Date(at).toISOString();

describe.each(BACKENDS)("webhooks of a registry on $backend", ({ openBackend }) => {
  it("are sent for what is told after the subscription, in order, as GET /v1/events shows it", async () => {
    const hooked = new Hooked({ backend: openBackend() });
    await hooked.registry.register({ id: "before" });
    await hooked.subscribe();
    await hooked.registry.register({ id: "a" });
    await hooked.registry.post("/v1/agents/a/drain");
    await hooked.registry.call("DELETE", "/v1/agents/a");
    await hooked.tick();
    expect(hooked.told()).toEqual(["registered a", "drain_requested a", "unregistered a"]);
    const { body } = await hooked.registry.get<{ events: { at: string; type: string }[] }>("/v1/events");
    expect(hooked.receiver.received).toEqual(
      body.events.slice(1).map((event) => ({
        id: expect.stringMatching(/^msg_/) as string,
        url: URL_A,
        type: event.type,
        timestamp: event.at,
        data: event,
      })),
    );
    await hooked.pass(5000);
    expect(hooked.receiver.received).toHaveLength(3);
  });

  it("begin with the first event where nothing had been told before", async () => {
    const hooked = new Hooked({ backend: openBackend() });
    await hooked.subscribe();
    await hooked.tick();
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    expect(hooked.told()).toEqual(["registered a"]);
  });

  it("are sent of the types, kind, ids and prefix that were asked for, and of no others", async () => {
    const hooked = new Hooked({ backend: openBackend() });
    const tools = [{ name: "echo", payload_schema: {} }];
    const asked = {
      types: { types: ["unregistered"] },
      kind: { filter: { kind: "toolset" } },
      ids: { filter: { ids: ["b", "team/a"] } },
      prefix: { filter: { prefix: "team/" } },
      all: { types: ["registered"], filter: { kind: "agent", ids: ["a", "team/a"], prefix: "team" } },
    };
    for (const [name, fields] of Object.entries(asked))
      await hooked.subscribe({ url: `https://receiver.example/${name}`, ...fields });
    for (const id of ["a", "b", "team/a"]) await hooked.registry.register({ id });
    await hooked.registry.post("/v1/toolsets", { name: "team/tools", tools });
    await hooked.registry.call("DELETE", "/v1/agents/a");
    await hooked.tick();
    const told = (name: string) =>
      hooked.receiver.received
        .filter(({ url }) => url === `https://receiver.example/${name}`)
        .map(({ type, data }) => `${type} ${String(data["id"])}`);
    expect(told("types")).toEqual(["unregistered a"]);
    expect(told("kind")).toEqual(["registered team/tools"]);
    expect(told("ids")).toEqual(["registered b", "registered team/a"]);
    expect(told("prefix")).toEqual(["registered team/a", "registered team/tools"]);
    expect(told("all")).toEqual(["registered team/a"]);
  });

  it("say that events are missing, where the history was trimmed before it was read", async () => {
    const hooked = new Hooked({ backend: openBackend() });
    await hooked.subscribe();
    await hooked.registry.register({ id: "first" });
    await hooked.tick();
    for (const id of ["gone", "gone/too", "kept"]) await hooked.registry.register({ id });
    const { store } = hooked.registry.open("default");
    await store.forgetEvents({ since: 0, chars: 1 });
    await hooked.tick();
    expect(hooked.receiver.received.map(({ type }) => type)).toEqual([
      "registered",
      "events_missed",
      "registered",
    ]);
    const [, missed, kept] = hooked.receiver.received;
    expect(missed?.data).toEqual({
      reason: "history_trimmed",
      count: null,
      until: isoTime(hooked.registry.now),
    });
    expect(kept?.data["id"]).toBe("kept");
  });

  it("of one that fails are no matter of the others'", async () => {
    const hooked = new Hooked({ backend: openBackend() });
    const bad = await hooked.subscribe();
    const good = await hooked.subscribe({ url: URL_B });
    hooked.receiver.answer = ({ url }) => new Response(null, { status: url === URL_A ? 503 : 200 });
    await hooked.registry.register({ id: "a" });
    await hooked.registry.register({ id: "b" });
    await hooked.tick();
    const told = hooked.receiver.received.map(({ url, data }) => [url, data["id"]]);
    expect(told.filter(([url]) => url === URL_B)).toEqual([
      [URL_B, "a"],
      [URL_B, "b"],
    ]);
    // One after another: the second is not sent before the first was taken.
    expect(told.filter(([url]) => url === URL_A)).toEqual([[URL_A, "a"]]);
    expect(await stateOf(hooked, bad.id)).toMatchObject({
      state: "failing",
      queued: 2,
      last_delivered_at: null,
      failing_since: isoTime(hooked.registry.now),
      last_failure: "the receiver answered 503",
    });
    expect(await stateOf(hooked, good.id)).toMatchObject({
      state: "active",
      queued: 0,
      last_delivered_at: isoTime(hooked.registry.now),
      next_attempt_at: null,
    });
  });
});

describe("a receiver", () => {
  it("that is slow holds up nobody else, and is not sent the same twice meanwhile", async () => {
    const hooked = new Hooked();
    await hooked.subscribe();
    await hooked.subscribe({ url: URL_B });
    let release = (_: Response) => {};
    const held = new Promise<Response>((resolve) => (release = resolve));
    hooked.receiver.answer = ({ url }) => (url === URL_A ? held : new Response(null));
    // The alarm goes on without those who are waited for.
    hooked.pause = async () => {};
    for (const id of ["a", "b"]) {
      await hooked.registry.register({ id });
      await hooked.pass(LOOK_EVERY_MS);
    }
    const told = () => hooked.receiver.received.map(({ url, data }) => `${url.at(-1)} ${String(data["id"])}`);
    expect(told()).toEqual(["a a", "b a", "b b"]);
    release(new Response(null));
    hooked.pause = () => new Promise(() => {});
    await hooked.pass(LOOK_EVERY_MS);
    expect(told()).toEqual(["a a", "b a", "b b", "a b"]);
  });

  it("that answers 410 is not asked again: the subscription has ended, and says so", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    hooked.receiver.answer = () => new Response(null, { status: 410 });
    await hooked.registry.register({ id: "a" });
    await hooked.registry.register({ id: "b" });
    await hooked.tick();
    const endedAt = isoTime(hooked.registry.now);
    await hooked.pass(FAILING_MAX_MS);
    expect(hooked.receiver.received).toHaveLength(1);
    for (const [method, path] of [
      ["GET", ""],
      ["POST", "/test"],
      ["POST", "/rotate"],
    ] as const) {
      const answer = await hooked.registry.call(method, `/v1/subscriptions/${id}${path}`);
      expect(answer).toMatchObject({
        status: 410,
        body: {
          code: "subscription_ended",
          detail: `It ended at ${endedAt}: the receiver answered 410.`,
        },
      });
    }
    const { body } = await hooked.registry.get<{ subscriptions: State[] }>("/v1/subscriptions");
    expect(body.subscriptions).toMatchObject([
      { state: "ended", queued: 0, ended_at: endedAt, ended_because: "the receiver answered 410" },
    ]);
    const kept = await hooked.storage(({ sql }) => sql.exec("SELECT secrets FROM subscription").toArray());
    expect(kept).toEqual([{ secrets: "{}" }]);
    // Whoever subscribes next is told nothing of before.
    hooked.receiver.answer = () => new Response(null);
    await hooked.registry.register({ id: "between" });
    await hooked.subscribe();
    await hooked.registry.register({ id: "c" });
    await hooked.pass(LOOK_EVERY_MS);
    expect(hooked.told()).toEqual(["registered a", "registered c"]);
    expect((await hooked.registry.call("DELETE", `/v1/subscriptions/${id}`)).status).toBe(204);
    expect((await hooked.registry.get(`/v1/subscriptions/${id}`)).status).toBe(404);
  });

  it("that takes nothing for three days is given up, after ever longer waits", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    hooked.receiver.answer = () => new Response(null, { status: 500 });
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    const beganAt = hooked.registry.now;
    const waits: number[] = [];
    for (;;) {
      const { next_attempt_at } = await stateOf(hooked, id);
      if (next_attempt_at === undefined || next_attempt_at === null) break;
      const wait = Date.parse(next_attempt_at) - hooked.registry.now;
      waits.push(wait);
      await hooked.pass(wait - 1);
      expect(hooked.receiver.received).toHaveLength(waits.length);
      await hooked.pass(1);
    }
    expect(hooked.receiver.received).toHaveLength(waits.length + 1);
    for (const [i, wait] of waits.entries()) {
      const longest = Math.min(RETRY_FIRST_MS * 2 ** i, RETRY_MAX_MS);
      expect(wait).toBeGreaterThanOrEqual(longest * 0.8);
      expect(wait).toBeLessThanOrEqual(longest);
    }
    const lasted = hooked.registry.now - beganAt;
    expect(lasted).toBeGreaterThanOrEqual(FAILING_MAX_MS);
    expect(lasted).toBeLessThan(FAILING_MAX_MS + RETRY_MAX_MS);
    expect((await hooked.registry.get(`/v1/subscriptions/${id}`)).body).toMatchObject({
      code: "subscription_ended",
      detail: expect.stringContaining("for three days; at last the receiver answered 500") as string,
    });
    expect(new Set(hooked.receiver.received.map((received) => received.id)).size).toBe(1);
  });

  it("says itself how long to wait, within bounds", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    await hooked.registry.register({ id: "a" });
    const { now } = hooked.registry;
    const cases: [header: string, waitMs: number][] = [
      ["120", 120_000],
      ["0", RETRY_FIRST_MS],
      ["999999999", RETRY_MAX_MS],
      [new Date(now + 3_600_000).toUTCString(), 3_600_000],
      [new Date(now - 3_600_000).toUTCString(), RETRY_FIRST_MS],
    ];
    for (const [header, waitMs] of cases) {
      hooked.receiver.answer = () => new Response(null, { status: 429, headers: { "Retry-After": header } });
      await hooked.inside((sender) => sender.sendTest(id, now));
      await hooked.tick();
      const { next_attempt_at } = await stateOf(hooked, id);
      expect([header, next_attempt_at]).toEqual([header, isoTime(now + waitMs)]);
      hooked.receiver.answer = () => new Response(null);
      // What is delivered makes the rest due at once.
      await hooked.inside((sender) => sender.sendTest(id, now));
    }
  });

  it("is sent to where it was said, and nowhere else: a redirect is a failure", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    hooked.receiver.answer = () =>
      new Response(null, { status: 307, headers: { Location: "https://elsewhere.example/" } });
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    expect(hooked.receiver.received.map(({ url }) => url)).toEqual([URL_A]);
    expect(hooked.receiver.requests[0]).toMatchObject({ method: "POST", redirect: "manual" });
    expect(await stateOf(hooked, id)).toMatchObject({ last_failure: "the receiver answered 307", queued: 1 });
  });

  it("on this machine is sent to under open access alone, whatever was allowed when it subscribed", async () => {
    const hooked = new Hooked();
    const url = "http://localhost:9999/hooks";
    const { id } = await hooked.subscribe({ url });
    await hooked.registry.register({ id: "a" });
    await hooked.tickAnew({ allowLoopback: false });
    expect(hooked.receiver.requests).toEqual([]);
    expect((await stateOf(hooked, id)).last_failure).toBe("its URL may not be sent to: it is not https");
    await hooked.pass(RETRY_FIRST_MS);
    expect(hooked.told()).toEqual(["registered a"]);
  });
});

describe("a subscription", () => {
  it("that was removed is sent nothing more, and what is under way changes nothing", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    await hooked.registry.register({ id: "a" });
    await hooked.registry.register({ id: "b" });
    hooked.receiver.answer = async () => {
      await hooked.registry.call("DELETE", `/v1/subscriptions/${id}`);
      return new Response(null, { status: 500 });
    };
    await hooked.tick();
    await hooked.pass(RETRY_FIRST_MS);
    expect(hooked.told()).toEqual(["registered a"]);
    const left = await hooked.storage(({ sql }) =>
      ["subscription", "message", "place"].map((table) => sql.exec(`SELECT * FROM ${table}`).toArray()),
    );
    expect(left).toEqual([[], [], []]);
  });

  it("is looked after by an alarm, which is off when there is none", async () => {
    const hooked = new Hooked();
    const alarm = () => hooked.storage((storage) => storage.getAlarm());
    expect(await alarm()).toBeNull();
    const { id } = await hooked.subscribe();
    expect(await alarm()).toBe(hooked.registry.now + LOOK_EVERY_MS);
    await hooked.pass(LOOK_EVERY_MS);
    expect(await alarm()).toBe(hooked.registry.now + LOOK_EVERY_MS);
    await hooked.registry.call("DELETE", `/v1/subscriptions/${id}`);
    await hooked.pass(LOOK_EVERY_MS);
    expect(await alarm()).toBeNull();
  });

  it("is one of at most 20; the one that ended first makes room", async () => {
    const hooked = new Hooked();
    const urlOf = (number: number) => `https://receiver.example/${number}`;
    for (let number = 0; number < 20; number += 1) await hooked.subscribe({ url: urlOf(number) });
    const beyond = () => hooked.registry.post("/v1/subscriptions", { url: urlOf(20) });
    expect(await beyond()).toMatchObject({
      status: 403,
      body: { code: "quota_exceeded", detail: expect.stringContaining("at most 20 subscriptions") as string },
    });
    for (const number of [7, 3]) {
      hooked.receiver.answer = ({ url }) => new Response(null, { status: url === urlOf(number) ? 410 : 200 });
      await hooked.registry.register({ id: String(number) });
      await hooked.pass(LOOK_EVERY_MS);
    }
    expect((await beyond()).status).toBe(201);
    const { body } = await hooked.registry.get<{ subscriptions: { url: string }[] }>("/v1/subscriptions");
    const urls = body.subscriptions.map(({ url }) => url);
    expect(urls).toEqual(Array.from({ length: 21 }, (_, number) => urlOf(number)).filter((_, i) => i !== 7));
  });

  it.each([
    ["http://receiver.example/", "it is not https"],
    ["https://receiver.example:8443/", "it names a port other than 443"],
    ["https://10.0.0.1/", "its host is an address"],
    ["https://user:word@receiver.example/", "it carries credentials"],
    ["https://db.internal/", "its host is an internal name"],
    ["nothing", "it is not a URL"],
  ])("to %s is refused", async (url, why) => {
    const { registry } = new Hooked();
    expect(await registry.post("/v1/subscriptions", { url })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/url", detail: `may not be sent to: ${why}` }] },
    });
  });

  it("names what is wrong with it, and repeats no secret", async () => {
    const { registry } = new Hooked();
    const short = `whsec_${btoa("s".repeat(23))}`;
    const long = `whsec_${btoa("s".repeat(65))}`;
    const cases: [fields: object, pointer: string][] = [
      [{ types: ["exploded"] }, "/types/0"],
      [{ filter: { kind: "planet" } }, "/filter/kind"],
      [{ filter: { ids: [] } }, "/filter/ids"],
      [{ filter: { names: ["a"] } }, "/filter/names"],
      [{ secret: short }, "/secret"],
      [{ secret: long }, "/secret"],
      [{ secret: btoa("s".repeat(32)) }, "/secret"],
      [{ secret: `whsec_${"s".repeat(43)}` }, "/secret"],
    ];
    for (const [fields, pointer] of cases) {
      const { status, body } = await registry.post("/v1/subscriptions", { url: URL_A, ...fields });
      expect([fields, status, body]).toMatchObject([fields, 400, { errors: [{ pointer }] }]);
      expect(JSON.stringify(body)).not.toMatch(/whsec_c3|ssss/);
    }
    expect((await registry.get("/v1/subscriptions")).body).toMatchObject({ count: 0 });
  });
});

describe("a secret of webhooks", () => {
  it("is the asker's own or made here, and told once", async () => {
    const hooked = new Hooked();
    const own = `whsec_${btoa("o".repeat(24))}`;
    expect((await hooked.subscribe({ secret: own })).secret).toBe(own);
    const made = await hooked.subscribe({ url: URL_B });
    expect(made.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    expect(hooked.told()).toEqual(["registered a", "registered a"]);
    const read = [
      await hooked.registry.get("/v1/subscriptions"),
      await hooked.registry.get(`/v1/subscriptions/${made.id}`),
      await hooked.registry.get("/v1/events"),
    ];
    const said = JSON.stringify([read.map(({ body }) => body), hooked.receiver.received]);
    for (const { secret } of [{ secret: own }, made]) expect(said).not.toContain(secret.slice(6));
  });

  it("is rotated with an overlap, in which both sign", async () => {
    const hooked = new Hooked();
    const { id, secret: before } = await hooked.subscribe();
    const rotated = await hooked.registry.post<{ secret: string }>(`/v1/subscriptions/${id}/rotate`, {
      overlap_seconds: 3600,
    });
    const after = rotated.body.secret;
    const tellWith = async (secret: string, agent: string) => {
      hooked.receiver.secrets.set(URL_A, secret);
      await hooked.registry.register({ id: agent });
      await hooked.pass(LOOK_EVERY_MS);
    };
    await tellWith(before, "a");
    await tellWith(after, "b");
    await hooked.registry.pass(3_600_000);
    await tellWith(after, "c");
    expect(hooked.told()).toEqual(["registered a", "registered b", "registered c"]);
    const signatures = hooked.receiver.requests.map(
      ({ headers }) => (headers as Record<string, string>)["webhook-signature"]!.split(" ").length,
    );
    expect(signatures).toEqual([2, 2, 1]);
  });
});

describe("a test message", () => {
  it("is sent at once, ahead of what waits, and makes that due", async () => {
    const hooked = new Hooked();
    const { id } = await hooked.subscribe();
    hooked.receiver.answer = () => new Response(null, { status: 500 });
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    const test = () => hooked.registry.post(`/v1/subscriptions/${id}/test`);
    expect((await test()).body).toEqual({ delivered: false, failure: "the receiver answered 500" });
    hooked.receiver.answer = () => new Response(null);
    await hooked.tick();
    expect((await test()).body).toEqual({ delivered: true, failure: null });
    await hooked.tick();
    expect(hooked.receiver.received.map(({ type, data }) => [type, data])).toMatchObject([
      ["registered", { id: "a" }],
      ["test", { subscription: id }],
      ["test", { subscription: id }],
      ["registered", { id: "a" }],
    ]);
  });
});

describe("the store of webhooks", () => {
  it("is asked one command a look while nothing is told, and four when something was", async () => {
    const backend = redisBackend();
    const hooked = new Hooked({ backend });
    await hooked.registry.register({ id: "a" });
    await hooked.subscribe();
    await hooked.subscribe({ url: URL_B });
    await hooked.tick();
    const quiet = await backend.bridge.cost(() => hooked.pass(LOOK_EVERY_MS));
    expect([quiet.requests, quiet.commands]).toEqual([1, 1]);
    await hooked.registry.register({ id: "b" });
    const news = await backend.bridge.cost(() => hooked.pass(LOOK_EVERY_MS));
    expect([news.requests, news.commands]).toEqual([2, 4]);
    expect(hooked.told()).toEqual(["registered b", "registered b"]);
  });

  it.each([
    ["nothing of it", 0, 60_000],
    ["a part of it", 1, LOOK_EVERY_MS],
  ])("may be a copy that has %s yet, though the marker has moved", async (_, known, thenMs) => {
    const hooked = new Hooked();
    const { store } = hooked.registry.open("default");
    await hooked.subscribe();
    hooked.store = {
      async events(query) {
        const page = await store.events(query);
        if (page === "too_old") throw new Error("everything is kept");
        const events = page.events.slice(0, known);
        return { events, next: events.at(-1) ?? query.since! };
      },
    };
    await hooked.registry.register({ id: "a" });
    await hooked.registry.register({ id: "b" });
    await hooked.tick();
    expect(hooked.told()).toEqual(["registered a"].slice(0, known));
    hooked.store = {};
    await hooked.pass(thenMs);
    expect(hooked.told()).toEqual(["registered a", "registered b"]);
  });

  it("is read by two looks at a time, and each event is sent once", async () => {
    const hooked = new Hooked();
    await hooked.subscribe();
    for (const id of ["a", "b"]) await hooked.registry.register({ id });
    await Promise.all([hooked.tick(), hooked.tick()]);
    await hooked.pass(LOOK_EVERY_MS);
    expect(hooked.told()).toEqual(["registered a", "registered b"]);
  });

  it("may have told thousands: the alarm goes off at once until all are read, and all are sent", async () => {
    const hooked = new Hooked();
    const { registry } = hooked;
    const alarm = () => hooked.storage((storage) => storage.getAlarm());
    const bring = (from: number, count: number) => {
      const components = Array.from({ length: count }, (_, i) => ({
        type: "skill",
        name: String(from + i).padStart(5, "0"),
        activated: true,
      }));
      return registry.post(`/v1/agents/import?static=true&source=${from}`, { components });
    };
    await hooked.subscribe({ filter: { prefix: "skill/00" } });
    await bring(1000, 500);
    await bring(1500, 500);
    await bring(2000, 500);
    await bring(2500, 500);
    await bring(0, 250);
    await hooked.tick();
    expect([await alarm(), hooked.receiver.received.length]).toEqual([registry.now, 0]);
    await hooked.tick();
    expect([await alarm(), hooked.receiver.received.length]).toEqual([registry.now, 200]);
    await hooked.tick();
    expect([await alarm(), hooked.receiver.received.length]).toEqual([registry.now + LOOK_EVERY_MS, 250]);
  });

  it("may be out: what waits is sent meanwhile, and what was told is sent after", async () => {
    const backend = redisBackend();
    const { bridge } = backend;
    const hooked = new Hooked({ backend });
    const { id } = await hooked.subscribe();
    hooked.receiver.answer = () => new Response(null, { status: 500 });
    await hooked.registry.register({ id: "a" });
    await hooked.tick();
    await hooked.registry.register({ id: "b" });
    await bridge.fail({ kind: "status" });
    hooked.receiver.answer = () => new Response(null);
    await hooked.pass(RETRY_FIRST_MS);
    expect(hooked.told()).toEqual(["registered a", "registered a"]);
    // The place in the history is known, because somebody subscribes already.
    await hooked.subscribe({ url: URL_B });
    await bridge.heal();
    await hooked.pass(LOOK_EVERY_MS);
    expect(hooked.told().slice(2)).toEqual(["registered b", "registered b"]);
    expect(await stateOf(hooked, id)).toMatchObject({ state: "active", queued: 0 });
  });
});
