import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import worker from "../../../src/worker.ts";
import type { Kind } from "../../../src/core/entry.ts";
import { KINDS } from "../../../src/core/kinds.ts";
import { endpoints } from "../../../src/http/routes.ts";
import type { Fault } from "../../support/bridge-control-protocol.ts";
import { entriesOf, expectExactIndexes } from "../../support/audit.ts";
import { entryOf } from "../../support/entries.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import {
  answersOf,
  endpointOf,
  RESIDENT,
  SAMPLES,
  type Sample,
  sendSample,
  registerResident,
  stage,
} from "../../support/samples.ts";
import { type RedisBackend, redisBackend, TIMEOUT_MS } from "../../support/stores.ts";
import { put, T0 } from "../../store/conformance/opened.ts";

const FAULTS: { name: string; fault: Fault }[] = [
  { name: "an answer 500", fault: { kind: "status", status: 500 } },
  { name: "a stall", fault: { kind: "stall" } },
  { name: "a request cut off", fault: { kind: "cut" } },
  { name: "a reply cut off", fault: { kind: "cut-reply" } },
  { name: "an answer that is no JSON", fault: { kind: "garbage" } },
  { name: "a command refused", fault: { kind: "command-error" } },
];

/** Long enough for a busy machine, short enough to wait out. */
const IMPATIENT_MS = 400;

const backendFor = ({ kind }: Fault) => redisBackend(kind === "stall" ? IMPATIENT_MS : TIMEOUT_MS);

/** Everything that Redis holds for this backend, but for what is left of each time to live, and for what shows that it writes. */
async function contents({ bridge, prefix }: RedisBackend): Promise<Record<string, string>> {
  const keys = await bridge.raw<string[]>("KEYS", `${prefix}:*`);
  const kept = keys.filter((key) => !key.endsWith(":room"));
  const dumps = kept.toSorted().map(async (key) => [key, await bridge.raw<string>("DUMP", key)] as const);
  return Object.fromEntries(await Promise.all(dumps));
}

const expectUnchanged = (before: object, after: object) => expect(after).toEqual(before);

/** Each document has its lease, and each lease its document: nothing was half-written. */
async function expectWhole(registry: Registry, { bridge, prefix }: RedisBackend): Promise<void> {
  const store = registry.backend.open("default");
  await expectExactIndexes(store, registry.now);
  for (const kind of KINDS) {
    const entries = await entriesOf<Kind>(store, kind, registry.now);
    const leases = entries
      .filter(({ lease }) => lease !== null)
      .map(({ document: { fence, registration } }) => `${registration.id}:${fence}`);
    const ids = entries.map(({ document }) => document.registration.id);
    const kept = async (what: string) => {
      const common = `${prefix}:default:${what}:${kind}:`;
      const keys = await bridge.raw<string[]>("KEYS", `${common}*`);
      return keys.map((key) => key.slice(common.length));
    };
    expect((await kept("lease")).toSorted()).toEqual(leases.toSorted());
    expect((await kept("doc")).toSorted()).toEqual(ids.toSorted());
  }
}

/** What was logged, kept here because tests that run side by side clear each other's spies. */
const logged: string[] = [];
vi.spyOn(console, "error").mockImplementation((line) => void logged.push(String(line)));

/** The bridge puts the whole command into its errors, as Upstash does; none of it may get any further. */
function expectDiscreet(text: string, { bridge, prefix }: RedisBackend, leaseToken: string): void {
  const secrets = [bridge.url, bridge.token, prefix, RESIDENT.secret, RESIDENT.id, leaseToken];
  for (const secret of [...secrets, leaseToken.split(".").at(-1)!]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/evalsha|hgetall|h?mget|zrange|xrange|keepttl|command was|oom|on demand|<html>/i);
}

interface Given {
  sample: Sample;
  fault: Fault;
  /** Which of the request's round trips to harm, and all after it. */
  trip: number;
}

async function expectOutage({ sample, fault, trip }: Given): Promise<void> {
  const backend = backendFor(fault);
  const { bridge } = backend;
  const registry = new Registry({ backend });
  const setting = await stage(registry, sample);
  const before = await contents(backend);

  await bridge.fail({ ...fault, after: trip });
  const { requests: sent } = await bridge.counters();
  const { status, headers, text: answer } = await sendSample(registry, sample, setting);
  const { requests } = await bridge.counters();

  expect(status, `trip ${trip}: ${answer}`).toBe(503);
  const isRpc = endpointOf(sample).dialect === "rpc";
  expect(headers.get("Content-Type")).toBe(isRpc ? "application/json" : "application/problem+json");
  expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
  const refusal = { code: "store_unavailable", status: 503 };
  expect(JSON.parse(answer)).toMatchObject(isRpc ? { id: "m1", error: { data: refusal } } : refusal);
  expectDiscreet(answer + JSON.stringify([...headers]), backend, setting.lease_token);
  const [line] = logged.filter((text) => text.includes(headers.get("X-Request-Id")!));
  expect(JSON.parse(line!)).toMatchObject({ code: "store_unavailable", method: endpointOf(sample).method });
  expectDiscreet(logged.join("\n"), backend, setting.lease_token);

  const mayRetry = sample.trips[trip] === "r" && fault.kind !== "stall";
  // A part of the sweep that fails stops no other, except that nothing begins before the last report is read.
  const least = trip + (mayRetry ? 2 : 1);
  const most = sample.operation === "sweep" && trip > 0 ? 2 * sample.trips.length : least;
  expect(requests - sent, `requests up to trip ${trip}`).toBeGreaterThanOrEqual(least);
  expect(requests - sent, `requests up to trip ${trip}`).toBeLessThanOrEqual(most);

  await bridge.heal();
  const after = await contents(backend);
  await expectWhole(registry, backend);
  // What went wrong only on the way back has happened, whole; asking again is another matter.
  if (fault.kind === "cut-reply") return;
  if (!sample.trips.slice(0, trip).includes("w")) expectUnchanged(before, after);
  const { status: healed } = await sendSample(registry, sample, setting);
  expect(Object.keys(answersOf(sample))).toContain(String(healed));
}

// A script costs a second trip the first time that Redis is asked for it, and then no more.
beforeAll(async () => {
  const seen = { type: "registered", kind: "agent", id: "a", at: T0 } as const;
  await redisBackend().open("default").tell([seen]);
});

describe("an outage", () => {
  const atHome = new Set([
    // Says that there is one: ../operation/metrics.test.ts.
    "metrics",
    "whoAmI",
    "listSelections",
    "selectionLogic",
    "callResult",
    "cancelCall",
    "serverCard",
    "health",
  ]);
  const away = SAMPLES.filter(({ operation }) => !atHome.has(operation));

  it("is tried on every route that needs the store", () => {
    const tried = new Set(away.map(({ operation }) => operation));
    const rest = endpoints.map(({ operationId }) => operationId).filter((id) => !tried.has(id));
    expect(rest).toEqual([...atHome]);
  });

  it.each(away)("of a working store costs $operation ($title) its round trips", async (sample) => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    const setting = await stage(registry, sample);
    await sendSample(new Registry({ backend: redisBackend() }), sample, setting);
    // Read at most every five minutes by an isolate.
    await registry.open("default").proofKey();
    const { requests } = await backend.bridge.cost(() => sendSample(registry, sample, setting));
    expect(requests).toBe(sample.trips.length);
  });

  describe.each(FAULTS)("by $name", ({ fault }) => {
    // Side by side, for each waits out its stalls.
    it.concurrent.each(away)("makes $operation ($title) say so, and loses nothing", async (sample) => {
      // An answer that has begun can only break off: ../operation/export.test.ts.
      const trips =
        sample.operation === "exportAll" ? sample.trips.slice(0, 1) : sample.trips.replace(/t$/, "");
      await Promise.all(Array.from(trips, (_letter, trip) => expectOutage({ sample, fault, trip })));
    });
  });

  // Whatever the status is, it is taken for the same.
  it.each([429, 503])("by an answer %i is said as one by an answer 500 is", async (status) => {
    const some = away.filter(({ operation }) => /^(registerAgent|heartbeat|discover|sweep)$/.test(operation));
    for (const sample of some)
      for (const trip of sample.trips.length > 0 ? [0, sample.trips.length - 1] : [])
        await expectOutage({ sample, fault: { kind: "status", status }, trip });
  });

  it("is ridden out by a read that gets through at the second attempt", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await registerResident(registry);
    await backend.bridge.fail({ kind: "cut", times: 1 });
    expect((await registry.get("/v1/agents")).body).toMatchObject({ count: 1 });
  });

  it("is not what it takes to be without a provider: that is an answer, and not logged", async () => {
    const registry = new Registry({ backend: redisBackend() });
    await registry.register({ services: [{ service: "llm" }], status: "busy" });
    for (const path of ["/v1/services/llm/resolve", "/v1/services/ready?service=llm&timeout=0"]) {
      const { status, headers } = await registry.get(path);
      expect(status).toBe(503);
      expect(logged.filter((text) => text.includes(headers.get("X-Request-Id")!))).toEqual([]);
    }
  });

  it("never shortens a list", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await populate(registry, 10);
    const path = "/v1/agents?limit=1&status=busy";
    expect(await backend.bridge.cost(() => registry.get(path))).toMatchObject({ requests: 2 });
    await backend.bridge.fail({ kind: "cut", after: 1 });
    expect((await registry.get(path)).status).toBe(503);
  });

  it("never passes a sample off as all there is", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await populate(registry, 201, () => ({ status: "busy" }));
    expect(await backend.bridge.cost(() => registry.get("/v1/discover"))).toMatchObject({ requests: 2 });
    await backend.bridge.fail({ kind: "cut", after: 1 });
    expect((await registry.get("/v1/discover")).status).toBe(503);
  });

  it("while an index is being healed does not spoil the answer", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await registerResident(registry);
    await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:agent`, 0, "ghost\x1ffence");
    await backend.bridge.fail({ kind: "cut", after: 1 });
    const { status, body } = await registry.get<{ agents: { id: string }[] }>("/v1/agents");
    expect(status).toBe(200);
    expect(body.agents.map(({ id }) => id)).toEqual([RESIDENT.id]);
  });
});

describe("a sweep cut short", () => {
  /** Three agents to reap, three that have come back, and more newly silent ones than one pipeline commits. */
  async function unrest(
    backend: RedisBackend,
  ): Promise<{ registry: Registry; due: string[]; since: string }> {
    const registry = new Registry({ backend });
    const named = (name: string, ttl_seconds: number) => (i: number) => ({ id: `${name}-${i}`, ttl_seconds });
    await populate(registry, 3, named("gone", 60));
    const returning = await populate(registry, 3, named("back", 3600));
    await registry.pass(45_001);
    await registry.post("/v1/sweep");
    await populate(registry, 110, named("silent", 3600));
    await registry.pass(45_001);
    for (const { id, leaseToken } of returning) await registry.heartbeat(id, leaseToken);
    const { body } = await registry.get<{ next_since: string }>("/v1/events?limit=1000");
    const due = [
      ...returning.map(({ id }) => `recovered ${id}`),
      ...Array.from({ length: 3 }, (_, i) => `lapsed gone-${i}`),
      ...Array.from({ length: 110 }, (_, i) => `became_unreachable silent-${i}`),
    ];
    return { registry, due: due.toSorted(), since: body.next_since };
  }

  const TRIPS = 18;

  it(`takes ${TRIPS} round trips when it is not`, async () => {
    const backend = redisBackend();
    const { registry } = await unrest(backend);
    expect(await backend.bridge.cost(() => registry.post("/v1/sweep"))).toMatchObject({ requests: TRIPS });
  });

  const cuts = Array.from({ length: TRIPS }, (_, after) => [
    { kind: "cut" as const, after },
    { kind: "cut-reply" as const, after },
  ]).flat();
  it.each(cuts)(
    "by a $kind after $after round trips is made up for by the next, which repeats nothing",
    async (fault) => {
      const backend = redisBackend();
      const { registry, due, since } = await unrest(backend);
      await backend.bridge.fail(fault);
      expect((await registry.post("/v1/sweep")).status).toBe(503);
      await backend.bridge.heal();
      await expectExactIndexes(backend.open("default"), registry.now);

      expect(await registry.post("/v1/sweep")).toMatchObject({ status: 200, body: { complete: true } });
      const { body } = await registry.get<{ events: { type: string; id: string }[] }>(
        `/v1/events?since=${since}&limit=1000`,
      );
      expect(body.events.map(({ type, id }) => `${type} ${id}`).toSorted()).toEqual(due);
      expect((await registry.post("/v1/sweep")).body).toMatchObject({
        unreachable: [],
        recovered: [],
        lapsed: [],
        reaped: [],
      });
      await expectWhole(registry, backend);
    },
  );
});

describe("the cron during an outage", () => {
  const scheduled = ({ bridge, prefix }: RedisBackend) => {
    const key = { name: "other", sha256: "0".repeat(64), scopes: ["admin"], namespace: "other" };
    const bindings = {
      ...env,
      API_KEYS: JSON.stringify([key]),
      UPSTASH_REDIS_REST_URL: bridge.url,
      UPSTASH_REDIS_REST_TOKEN: bridge.token,
      REDIS_PREFIX: prefix,
    };
    return worker.scheduled(createScheduledController(), bindings);
  };

  it("fails, and says so without giving anything away", async () => {
    const backend = redisBackend();
    await backend.bridge.fail({ kind: "command-error" });
    await expect(scheduled(backend)).rejects.toThrow("2 of 2 namespaces");
    expect(logged).toContain('{"task":"sweep","code":"store_unavailable"}');
    expectDiscreet(logged.join("\n"), backend, "no token");
  });

  it("of one namespace still sweeps the others", async () => {
    const backend = redisBackend();
    // The cron's clock is the real one.
    await put(backend.open("other"), T0, entryOf({ id: "a" }, T0));
    await backend.bridge.raw("LPUSH", `${backend.prefix}:default:sweep`, "not a report");
    await expect(scheduled(backend)).rejects.toThrow("1 of 2 namespaces");
    expect(await backend.open("other").sweepReport()).toMatchObject({ scanned: 1, unreachable: 1 });
  });
});
