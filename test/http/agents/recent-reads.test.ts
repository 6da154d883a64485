import { beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../../../src/store/store.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { redisBackend } from "../../support/stores.ts";

interface Answer {
  agents: { id: string }[];
  examined: number;
  sampled: boolean;
  as_of: string;
  stale?: true;
  excluded?: { id: string }[];
}

const SPOT = { capabilities: ["spot"] };
const DISCOVER = "/v1/discover?capability=spot&limit=10";
const RESOLVE = "/v1/services/llm/resolve?dry_run=true";

interface Opened {
  pause?: (ms: number) => Promise<void>;
  /** The first draw takes until then. */
  untilFirstDraw?: Promise<void>;
}

function open({ pause, untilFirstDraw }: Opened = {}) {
  const backend = redisBackend();
  let held = untilFirstDraw;
  const withHeld = (namespace: string): Store => {
    const store = backend.open(namespace);
    const sample: Store["sample"] = async (...query) => {
      const wait = held;
      held = undefined;
      await wait;
      return store.sample(...query);
    };
    return { ...store, sample };
  };
  const registry = new Registry({
    backend: { ...backend, open: withHeld },
    ...(pause && { pause }),
  });
  const find = async (path: string) => {
    const { status, headers, body } = await registry.get<Answer>(path);
    expect(status).toBe(200);
    return { ...body, age: headers.get("Age"), ids: body.agents?.map(({ id }) => id) };
  };
  const trips = async (work: () => unknown) => (await backend.bridge.cost(async () => work())).requests;
  return { backend, registry, find, trips };
}

// A script costs a second trip the first time that Redis is asked for it, and then no more.
beforeAll(async () => {
  const { find } = open();
  for (const path of [DISCOVER, "/v1/agents"]) await find(path);
});

describe("max_stale", () => {
  it.each([
    { what: "discovery", path: DISCOVER },
    { what: "a page of the list", path: "/v1/agents?capability=spot&limit=100" },
    { what: "a dry run of resolve", path: RESOLVE },
  ])("lets $what be answered without a round trip for so long, and no longer", async ({ path }) => {
    const { registry, find, trips } = open();
    await populate(registry, 3, () => ({ ...SPOT, services: [{ service: "llm" }] }));
    const asked = `${path}&max_stale=2`;
    expect(await trips(() => find(asked))).toBe(1);
    await registry.pass(2000);
    expect(await trips(async () => expect((await find(asked)).age).toBe("2"))).toBe(0);
    await registry.pass(1);
    expect(await trips(async () => expect((await find(asked)).age).toBe("0"))).toBe(1);
  });

  it("is of whoever asks: without it the store is read", async () => {
    const { registry, find, trips } = open();
    await populate(registry, 3, () => SPOT);
    await find(`${DISCOVER}&max_stale=10`);
    await registry.register({ id: "newcomer", ...SPOT });
    expect((await find(`${DISCOVER}&max_stale=10`)).ids).toHaveLength(3);
    expect(await trips(async () => expect((await find(DISCOVER)).ids).toHaveLength(4))).toBe(1);
  });

  it.each([DISCOVER, "/v1/agents", RESOLVE])("is what Age tells of: %s without it has none", async (path) => {
    const { registry, find } = open();
    await populate(registry, 1, () => ({ ...SPOT, services: [{ service: "llm" }] }));
    expect((await find(path)).age).toBeNull();
  });

  it("keeps namespaces, terms and pages apart, and shares what is read between limits and filters", async () => {
    const { registry, find, trips } = open();
    await populate(registry, 5, (index) => (index < 3 ? SPOT : { capabilities: ["other"], status: "busy" }));
    await find(`${DISCOVER}&max_stale=10`);
    expect((await find("/v1/discover?capability=other&status=busy&max_stale=10")).ids).toHaveLength(2);
    expect((await find("/v1/agents?limit=2&max_stale=10")).ids).toHaveLength(2);
    expect((await find("/v1/agents?limit=4&max_stale=10")).ids).toHaveLength(4);
    const elsewhere = await registry.get<Answer>(`${DISCOVER}&max_stale=10`, { "Rollcall-Namespace": "b" });
    expect(elsewhere.body.agents).toEqual([]);
    const shared = "/v1/discover?capability=spot&limit=1&min_health_score=0.1&max_stale=10";
    expect(await trips(() => find(shared))).toBe(0);
  });

  it("draws anew for each request, and finds one who is hard to find", async () => {
    const { registry, find, trips } = open();
    await populate(registry, 1000, (index) => (index === 500 ? SPOT : { ...SPOT, status: "busy" }));
    const best = new Set<string>();
    const busy = "/v1/discover?capability=spot&limit=1&status=busy&max_stale=10";
    for (let time = 0; time < 20; time += 1) {
      const { ids, examined, sampled } = await find(busy);
      expect({ examined, sampled }).toEqual({ examined: 64, sampled: true });
      best.add(ids[0]!);
    }
    expect(best.size).toBeGreaterThan(1);
    const rare = async () => expect((await find(`${DISCOVER}&max_stale=10`)).ids).toEqual(["agent-00500"]);
    expect(await trips(rare)).toBe(1);
    expect(await trips(rare)).toBe(0);
  });

  it("examines all where they are few, also where their documents are more than one answer carries", async () => {
    const { backend, registry, find } = open();
    await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:type:worker`, 0, "ghost\x1ffence");
    const large = { metadata: { padding: "x".repeat(15_000) } };
    await populate(registry, 199, (index) => (index < 100 ? SPOT : large));
    const all = { examined: 100, sampled: false };
    expect(await find(`${DISCOVER}&max_stale=10`)).toMatchObject(all);
    expect(await find(`${DISCOVER}&max_stale=10`)).toMatchObject(all);
    expect(await find("/v1/discover?type=worker&limit=10&max_stale=10")).toMatchObject({
      examined: 199,
      sampled: false,
    });
  });

  it("counts nobody twice where several take a second look at once", async () => {
    const { registry, find } = open();
    await populate(registry, 600, () => ({ ...SPOT, status: "busy" }));
    const rare = () => find(`${DISCOVER}&max_stale=10&explain=true`);
    await find(`${DISCOVER}&status=busy&max_stale=10`);
    await Promise.all([rare(), rare(), rare()]);
    const { examined, excluded } = await rare();
    expect(new Set(excluded!.map(({ id }) => id)).size).toBe(examined);
  });

  it("shows nobody whose lease has ended since", async () => {
    const { registry, find } = open();
    const brief = { ttl_seconds: 10, heartbeat_interval_seconds: 5 };
    await populate(registry, 2, (index) => ({
      ...SPOT,
      ...(index === 0 && brief),
      services: [{ service: "llm" }],
    }));
    await registry.pass(4000);
    const paths = [`${DISCOVER}&max_stale=10`, "/v1/agents?max_stale=10"];
    for (const path of paths) expect((await find(path)).ids).toEqual(["agent-00000", "agent-00001"]);
    await registry.pass(6001);
    for (const path of paths) expect((await find(path)).ids).toEqual(["agent-00001"]);
  });

  it("costs one round trip, however many ask at once", async () => {
    const { registry, find, trips } = open({ pause: new ManualPause().pause });
    await populate(registry, 3, () => SPOT);
    const all = () => Promise.all(Array.from({ length: 50 }, () => find(`${DISCOVER}&max_stale=1`)));
    expect(await trips(all)).toBe(1);
  });

  it("waits no longer than a moment for another's read, then reads itself", async () => {
    const gate = Promise.withResolvers<void>();
    const held = new ManualPause();
    const { registry, find } = open({ pause: held.pause, untilFirstDraw: gate.promise });
    await populate(registry, 3, () => SPOT);
    const asked = `${DISCOVER}&max_stale=1`;
    const first = find(asked);
    const second = find(asked);
    await held.begun();
    held.end();
    expect((await second).ids).toHaveLength(3);
    gate.resolve();
    expect((await first).ids).toHaveLength(3);
  });

  it("is refused where a choice is recorded, and beyond 10 s", async () => {
    const { registry } = open();
    await populate(registry, 1, () => ({ services: [{ service: "llm" }] }));
    for (const path of ["/v1/services/llm/resolve?max_stale=1", `${DISCOVER}&max_stale=11`]) {
      const { status, body } = await registry.get(path);
      expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ pointer: "/max_stale" }] } });
    }
  });
});

describe.each(BREAKABLE)("stale_if_error, with the store on $name out,", ({ openBreakable }) => {
  const WET = "/v1/services/llm/resolve?";
  const PATHS = [`${DISCOVER}&`, "/v1/agents?", `${RESOLVE}&`, WET];

  async function known() {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    await populate(registry, 3, () => ({
      ...SPOT,
      services: [{ service: "llm" }],
      heartbeat_interval_seconds: 100,
    }));
    const get = (path: string) => registry.get<Answer & { provider: { id: string } }>(path);
    for (const path of PATHS) expect((await get(`${path}stale_if_error=300`)).body.stale).toBeUndefined();
    return { registry, get, fail, recover };
  }

  it("gives what was read last, says so, and of when; and 503 beyond its age, or to whoever does not ask", async () => {
    const { registry, get, fail, recover } = await known();
    const { now } = registry;
    await fail();
    await registry.pass(60_000);
    for (const path of PATHS) {
      const { status, headers, body } = await get(`${path}stale_if_error=60`);
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { stale: true, as_of: new Date(now).toISOString() },
      });
      expect(headers.get("Age")).toBe("60");
      expect(body.agents?.length ?? 3).toBe(3);
      for (const refused of [path, `${path}stale_if_error=59`]) expect((await get(refused)).status).toBe(503);
    }
    await recover();
    for (const path of PATHS) expect((await get(`${path}stale_if_error=60`)).body.stale).toBeUndefined();
  });

  it("knows nothing that was not asked before", async () => {
    const { get, fail } = await known();
    await fail();
    expect((await get("/v1/discover?capability=other&stale_if_error=300")).status).toBe(503);
  });
});

describe("stale_if_error", () => {
  it("takes what candidates it has where the store goes out before a second look", async () => {
    const { backend, registry, find } = open();
    await populate(registry, 300, () => ({ ...SPOT, status: "busy" }));
    const asked = `${DISCOVER}&max_stale=10&stale_if_error=300`;
    await find(`${DISCOVER}&status=busy&max_stale=10`);
    await backend.bridge.fail({ kind: "status" });
    expect(await find(asked)).toMatchObject({ ids: [], stale: true, examined: 200 });
    expect((await registry.get(`${DISCOVER}&max_stale=10`)).status).toBe(503);
  });

  it("is no reason to answer by anything but the store while it is there", async () => {
    const { registry, find, trips } = open();
    const asked = `${DISCOVER}&stale_if_error=300`;
    await find(asked);
    await registry.register({ id: "newcomer", ...SPOT });
    expect((await find(asked)).ids).toEqual(["newcomer"]);
    expect(await trips(() => Promise.all([find(asked), find(asked)]))).toBe(2);
  });

  it("is at most 300 s", async () => {
    const { registry } = open();
    const { body } = await registry.get("/v1/agents?stale_if_error=301");
    expect(body).toMatchObject({ errors: [{ pointer: "/stale_if_error" }] });
  });
});
