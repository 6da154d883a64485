import { beforeAll, describe, expect, it } from "vitest";
import type { Counters } from "../../support/bridge-control-protocol.ts";
import { HELD } from "../../../src/store/redis/scripts.ts";
import { populate } from "../../support/populate.ts";
import { Registry, START } from "../../support/registry.ts";
import { type RedisBackend, redisBackend } from "../../support/stores.ts";

/** What Redis is asked per operation, as design section 5 promises: HTTP requests, and the commands in them. */

const SPOT = { capabilities: ["spot"] };
/** Of the status that it has: another is told by one more command, after it was heard. */
const whole = { status: "available", current_load: 3 };
/** The page of providers to check is read by a script whose first key is the directives. */
const WRITES = /^(SET|DEL|ZADD|ZREM|HSET|HDEL|XADD|INCR|EVAL(?!SHA \S+:directives$))/;

function open(): {
  registry: Registry;
  backend: RedisBackend;
  cost: (work: () => unknown) => Promise<Counters>;
} {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  return { registry, backend, cost: (work) => backend.bridge.cost(async () => work()) };
}

// A script costs a second trip the first time that Redis is asked for it, and then no more.
beforeAll(async () => {
  const { registry, backend } = open();
  await populate(registry, 2, () => SPOT);
  await backend.bridge.raw("ZADD", `${backend.prefix}:default:ix:agent`, 0, "ghost\x1ffence");
  for (const path of ["/v1/agents", "/v1/discover", "/v1/agents/agent-00000"]) await registry.get(path);
  await registry.post("/v1/sweep");
});

describe("a heartbeat with status and load", () => {
  it("costs one command in one round trip", async () => {
    const { registry, cost } = open();
    const { agent_id, lease_token } = await registry.register();
    await registry.heartbeat(agent_id, lease_token, whole);
    const { requests, commands, log } = await cost(() => registry.heartbeat(agent_id, lease_token, whole));
    expect({ requests, commands }).toEqual({ requests: 1, commands: 1 });
    expect(log[0]).toMatch(/^SET .*:lease:/);
  });

  it.each([
    { age: 5000, commands: 1 },
    { age: 5001, commands: 3 },
  ])(
    "looks up the directives along the way when its view is $age ms old: $commands",
    async ({ age, commands }) => {
      const { registry, cost } = open();
      const { agent_id, lease_token } = await registry.register();
      await registry.heartbeat(agent_id, lease_token, whole);
      await registry.pass(age);
      const spent = await cost(() => registry.heartbeat(agent_id, lease_token, whole));
      expect(spent).toMatchObject({ requests: 1, commands });
    },
  );

  it("costs no more because somebody else registers or leaves", async () => {
    const { registry, cost } = open();
    const { agent_id, lease_token } = await registry.register();
    await registry.heartbeat(agent_id, lease_token, whole);
    await registry.register({ id: "other" });
    await registry.call("DELETE", "/v1/agents/other");
    expect(await cost(() => registry.heartbeat(agent_id, lease_token, whole))).toMatchObject({ commands: 1 });
  });

  it.each([
    { why: "it was unregistered", status: 409, replace: "DELETE" },
    { why: "another registration has the id", status: 409, replace: "POST" },
  ])("takes one more trip to say why it failed: $why", async ({ status, replace }) => {
    const { registry, cost } = open();
    const { lease_token } = await registry.register({ id: "a" });
    await registry.heartbeat("a", lease_token, whole);
    if (replace === "DELETE") await registry.call("DELETE", "/v1/agents/a");
    else await registry.register({ id: "a" });
    let answered = 0;
    const spent = await cost(async () => {
      answered = (await registry.heartbeat("a", lease_token, whole)).status;
    });
    expect(answered).toBe(status);
    expect(spent).toMatchObject({ requests: 2, commands: 2 });
  });
});

describe("any other heartbeat", () => {
  it.each([
    {},
    { status: "busy" },
    { current_load: 1 },
    { health_score: 0.5 },
    { ...whole, metadata: { a: 1 } },
  ])("costs two commands in two round trips: %j", async (body) => {
    const { registry, cost } = open();
    const { agent_id, lease_token } = await registry.register();
    expect(await cost(() => registry.heartbeat(agent_id, lease_token, body))).toMatchObject({
      requests: 2,
      commands: 2,
    });
  });
});

describe("a heartbeat of the older API", () => {
  const registered = async () => {
    const opened = open();
    const { agent_id } = await opened.registry.register();
    const beat = (body: unknown) => opened.registry.post(`/agents/${agent_id}/heartbeat`, body);
    await beat({});
    return { ...opened, beat };
  };

  it.each([{}, { status: "healthy" }, { status: "", metadata: {} }])(
    "costs a read of document and lease and one plain command, 4 as they are billed: %j",
    async (body) => {
      const { cost, beat } = await registered();
      const { requests, log } = await cost(() => beat(body));
      expect([requests, log]).toEqual([
        2,
        [expect.stringMatching(/^EVALSHA .*:doc:/), expect.stringMatching(/^SET .*:lease:/)],
      ]);
      // Billed are the script and the commands in it, too.
      expect(HELD.text.match(/redis\.call/g)).toHaveLength(2);
    },
  );

  it("costs two round trips with metadata, too", async () => {
    const { cost, beat } = await registered();
    expect(await cost(() => beat({ metadata: { a: 1 } }))).toMatchObject({ requests: 2, commands: 2 });
  });
});

describe("heartbeats in bulk", () => {
  const bulk = async (count: number, says: object) => {
    const opened = open();
    const agents = await populate(opened.registry, count);
    const heartbeats = agents.map(({ id, leaseToken }) => ({ id, lease_token: leaseToken, ...says }));
    return { ...opened, send: () => opened.registry.post("/v1/heartbeats", { heartbeats }) };
  };

  it("cost one command each in one round trip, 500 of them", async () => {
    const { send, cost } = await bulk(500, whole);
    expect(await cost(send)).toMatchObject({ requests: 1, commands: 502 });
    expect(await cost(send)).toMatchObject({ requests: 1, commands: 500 });
  });

  it("cost two commands each in two round trips where they leave something unsaid", async () => {
    const { send, cost } = await bulk(100, { status: "busy" });
    expect(await cost(send)).toMatchObject({ requests: 2, commands: 200 });
  });
});

describe("one agent", () => {
  it("is read in one round trip and one command", async () => {
    const { registry, cost } = open();
    await registry.register({ id: "a" });
    expect(await cost(() => registry.get("/v1/agents/a"))).toMatchObject({ requests: 1, commands: 1 });
  });

  it("is registered under a minted id in two, one for the store's clock, and then in one", async () => {
    const { registry, cost } = open();
    expect(await cost(() => registry.register())).toMatchObject({ requests: 2, commands: 2 });
    expect(await cost(() => registry.register())).toMatchObject({ requests: 1, commands: 1 });
    // It is heard anew along with a registration after a minute, and first of all after ten.
    await registry.pass(60_001);
    expect(await cost(() => registry.register({ id: "a" }))).toMatchObject({ requests: 1, commands: 2 });
    await registry.pass(600_001);
    expect(await cost(() => registry.register())).toMatchObject({ requests: 2, commands: 2 });
  });

  it("is registered in one where nothing is replaced, for 18 commands as they are billed", async () => {
    const { registry, backend, cost } = open();
    await registry.register({ id: "a" });
    const fiveTerms = { type: "worker", ...SPOT, tags: ["eu", "gpu"] };
    let spent: Counters | undefined;
    const inside = await backend.bridge.inScripts(backend.prefix, async () => {
      spent = await cost(() => registry.register({ id: "b", ...fiveTerms }));
    });
    expect(spent).toMatchObject({ requests: 1, commands: 1 });
    expect(inside.length + spent!.commands).toBe(18);
  });

  it("is registered, renewed, replaced, drained and unregistered in two", async () => {
    const { registry, cost } = open();
    const two = { requests: 2, commands: 2 };
    // The store's clock comes along with what is read.
    const withClock = { requests: 2, commands: 3 };
    expect(await cost(() => registry.register({ id: "a", ...SPOT }))).toMatchObject(withClock);
    // Presumed to be new, refused, and decided by what there is.
    expect(await cost(() => registry.register({ id: "a", tags: ["eu"] }))).toMatchObject(two);
    const { lease_token } = await registry.register({ id: "a" });
    const token = { "Lease-Token": lease_token };
    expect(await cost(() => registry.register({ id: "a", ...SPOT }, token))).toMatchObject(withClock);
    expect(await cost(() => registry.post("/v1/agents/a/drain"))).toMatchObject(two);
    expect(await cost(() => registry.call("DELETE", "/v1/agents/a/drain"))).toMatchObject(two);
    expect(await cost(() => registry.call("DELETE", "/v1/agents/a", undefined, token))).toMatchObject(two);
  });
});

describe.each([10, 200, 201, 1000])("a fleet of %i", (size) => {
  const QUERIES = ["", "?capability=spot", "?capability=spot&tag=eu&type=worker"];

  it.each([
    ...QUERIES.map((query) => `/v1/agents${query}`),
    "/v1/agents?limit=200",
    "/v1/agents?status=busy",
    "/v1/agents?capability=spot&tag=eu&type=worker&status=busy",
    "/agents",
    "/agents/type/worker",
    ...QUERIES.map((query) => `/v1/discover${query}`),
    "/v1/discover?limit=1",
    "/v1/discover?limit=1000",
    "/v1/discover?status=busy",
    "/v1/discover?capability=spot&tag=eu&type=worker&status=busy",
    "/v1/discover?exact=true",
    "/v1/discover?capability=spot&tag=eu&exact=true",
  ])("is read by %s in at most two round trips", async (path) => {
    const { registry, cost } = await fleet(size);
    let status = 0;
    const { requests, commands } = await cost(async () => ({ status } = await registry.get(path)));
    expect(status).toBe(200);
    expect(requests).toBeLessThanOrEqual(2);
    expect(commands).toBe(requests);
  });
});

/** One fleet of a size serves every test that only reads it. */
const fleets = new Map<number, Promise<ReturnType<typeof open>>>();
function fleet(size: number) {
  const known =
    fleets.get(size) ??
    (async () => {
      const opened = open();
      await populate(opened.registry, size, () => ({ ...SPOT, tags: ["eu"] }));
      return opened;
    })();
  fleets.set(size, known);
  return known;
}

describe("a sweep", () => {
  it("of 600 quiet agents costs no command per agent, and writes its report alone", async () => {
    const { registry, cost } = open();
    await populate(registry, 600, () => SPOT);
    await registry.post("/v1/sweep");
    await registry.pass(45_000);
    const { commands, log } = await cost(() => registry.post("/v1/sweep"));
    // The last report; the leases, counted where they are; its report; how old the events are; the terms, their members, whether each is in the index of
    // all agents; who has a health_url; the names of types and of capabilities with their counts; whether anything was told since the last look for trouble; the toolsets; the
    // whole report.
    expect(log.map((line) => line.replace(/ .*?:default:/, " "))).toEqual([
      "GET sweep",
      "EVALSHA ledger",
      "SET sweep",
      "XRANGE events",
      "XREVRANGE events",
      "EXISTS terms",
      "ZRANGEBYLEX term_names",
      ...["agent", "capability:spot", "type:worker"].map((term) => `ZRANGEBYLEX ix:${term}`),
      // Of 100 documents each.
      ...Array.from({ length: 6 }, () => expect.stringMatching(/^EXISTS doc:agent:/) as unknown),
      "ZMSCORE ix:agent",
      "ZMSCORE ix:agent",
      "EVALSHA directives",
      "ZRANGEBYLEX term_names",
      "ZCARD ix:type:worker",
      "ZRANGEBYLEX term_names",
      "ZCARD ix:capability:spot",
      "HGET usage",
      "EVALSHA directives",
      "SET sweep",
    ]);
    expect(commands).toBe(log.length);
  });

  it("is sent no lease of an agent that is heard, and looks at 800 at a time", async () => {
    const { registry, backend, cost } = open();
    await populate(registry, 2500);
    const looks = async () => {
      const { log } = await cost(() => registry.post("/v1/sweep"));
      expect(log.filter((line) => /MGET|lease/.test(line) && !line.endsWith(":usage"))).toEqual([]);
      return log.filter((line) => /^EVALSHA \S+:ledger$/.test(line)).length;
    };
    // Of 800, and of 4,000.
    expect(await looks()).toBe(1 + 5);
    const store = backend.open("default");
    const { calls, heard, scanned } = await store.muster({ kind: "agent", after: "", limit: 5000 }, START);
    expect([calls, heard.reduce((sum, { agents }) => sum + agents, 0), scanned]).toEqual([[], 2500, 2500]);
  });

  it("costs two commands per agent that has changed", async () => {
    const { registry, cost } = open();
    await populate(registry, 150);
    await registry.post("/v1/sweep");
    await registry.pass(45_001);
    const { commands } = await cost(() => registry.post("/v1/sweep"));
    expect(commands).toBe(22 + 2 * 150);
  });
});

describe("telling of the silent", () => {
  const told = "/v1/sweep?older_than=60";

  it("costs a sweep of 600 agents three commands more where it has nobody to tell of, and no write", async () => {
    const { registry, cost } = open();
    await populate(registry, 600);
    await registry.post("/v1/sweep");
    const swept = await cost(() => registry.post("/v1/sweep"));
    const { commands, log } = await cost(() => registry.post(told));
    expect(commands).toBe(swept.commands + 3);
    expect(log.slice(-3).map((line) => line.replace(/ .*?:default:/, " "))).toEqual([
      "ZRANGEBYLEX ix:agent",
      "HMGET ledger",
      expect.stringMatching(/^MGET lease:/),
    ]);
  });

  it("costs two commands for each that it tells of, once", async () => {
    const { registry, cost } = open();
    await populate(registry, 150);
    await registry.pass(60_001);
    await registry.post("/v1/sweep");
    const swept = await cost(() => registry.post("/v1/sweep"));
    expect((await cost(() => registry.post(told))).commands).toBe(swept.commands + 3 + 2 * 150);
    expect((await cost(() => registry.post(told))).commands).toBe(swept.commands + 3);
  });
});

describe("counting", () => {
  it.each([
    { path: "/v1/stats", requests: 7 },
    { path: "/v1/capabilities", requests: 6 },
  ])(
    "live agents ($path) reads no document of more than 200, of 1,000 in as many trips as of 201",
    async (expected) => {
      const { path, requests } = expected;
      for (const size of [201, 1000]) {
        const { registry, cost } = await fleet(size);
        await registry.get(path);
        const spent = await cost(() => registry.get(path));
        expect(spent.requests).toBe(requests);
        expect(spent.log.filter((line) => /:doc:|:directives/.test(line))).toEqual([]);
      }
    },
  );

  it("takes three trips of a few", async () => {
    const { registry, cost } = await fleet(10);
    expect(await cost(() => registry.get("/v1/stats"))).toMatchObject({ requests: 3, commands: 3 });
  });

  it("reads the documents of the lapsed, of all in one trip", async () => {
    const { registry, cost } = open();
    const brief = { ...SPOT, ttl_seconds: 16, heartbeat_interval_seconds: 8 };
    await populate(registry, 201, (i) => (i < 3 ? brief : SPOT));
    await registry.get("/v1/stats");
    await registry.pass(16_001);
    const { requests, log } = await cost(() => registry.get("/v1/stats"));
    expect(requests).toBe(8);
    expect(log.filter((line) => line.includes(":doc:"))).toHaveLength(3);
  });
});

describe("resolving", () => {
  it("costs one command, of one provider or of all", async () => {
    const { registry, cost } = open();
    await populate(registry, 30, () => ({ services: [{ service: "llm" }] }));
    await registry.get("/v1/services/llm/resolve");
    for (const query of ["", "?limit=30"]) {
      let found: unknown[] = [];
      const spent = await cost(async () => {
        const { body } = await registry.get<{ providers?: unknown[] }>(`/v1/services/llm/resolve${query}`);
        found = body.providers ?? [];
      });
      expect(spent, query).toMatchObject({ requests: 1, commands: 1 });
      expect(found).toHaveLength(query === "" ? 0 : 30);
    }
  });
});

describe("unregistering by a prefix", () => {
  const remove = (prefix: string, dryRun: boolean) => `/v1/agents?prefix=${prefix}&dry_run=${dryRun}`;

  it("costs what it removes, whatever else there is", async () => {
    const { registry, cost } = open();
    await populate(registry, 1500);
    await populate(registry, 150, (index) => ({ id: `test/${index}` }));
    await registry.call("DELETE", remove("test/1", true));
    // The ids, the ledger and the leases; then each entry, up to 120 to a round trip; then each removal.
    const dry = await cost(() => registry.call("DELETE", remove("test", true)));
    expect(dry).toMatchObject({ requests: 4, commands: 3 + 150 });
    expect(dry.log.filter((line) => WRITES.test(line))).toEqual(
      dry.log.filter((line) => line.startsWith("EVAL")),
    );
    const wet = await cost(() => registry.call("DELETE", remove("test", false)));
    expect(wet).toMatchObject({ requests: 5, commands: 3 + 2 * 150 });
    expect(await cost(() => registry.call("DELETE", remove("test", false)))).toMatchObject({ requests: 1 });
  });
});

describe("a discovery whose candidates are all known", () => {
  interface Found {
    agents: { id: string; metadata: { version: number } }[];
    examined: number;
    filtered_count: number;
  }
  const SIZE = 300;

  /** A crowd, asked for until nothing of it is news. */
  async function known() {
    const { registry, cost } = open();
    const agents = await populate(registry, SIZE, () => ({ ...SPOT, metadata: { version: 1 } }));
    const find = async () => (await registry.get<Found>("/v1/discover?capability=spot&limit=10")).body;
    for (let time = 0; time < 60; time += 1) await find();
    return {
      find,
      cost,
      /** So many of them have their documents written anew. */
      tell: (says: object, whom = SIZE) =>
        registry.post("/v1/heartbeats", {
          heartbeats: agents.slice(0, whom).map(({ id, leaseToken }) => ({
            id,
            lease_token: leaseToken,
            metadata: { version: 2 },
            ...says,
          })),
        }),
    };
  }

  it("costs one round trip, and two to have all of them anew", async () => {
    const { find, cost, tell } = await known();
    expect((await cost(find)).requests).toBe(1);
    await tell({});
    let found: Found | undefined;
    expect((await cost(async () => (found = await find()))).requests).toBe(2);
    expect(found!.agents.map(({ metadata }) => metadata.version)).toEqual(Array(10).fill(2));
    expect(found!.examined).toBeGreaterThanOrEqual(80);
  });

  it("examines no more because some are news, where the others are enough", async () => {
    const { find, tell } = await known();
    await tell({}, 30);
    expect((await find()).examined).toBe(80);
  });

  it("costs two where all are news and nobody will do", async () => {
    const { find, cost, tell } = await known();
    await tell({ status: "busy" });
    let found: Found | undefined;
    expect((await cost(async () => (found = await find()))).requests).toBe(2);
    expect(found).toMatchObject({ agents: [], filtered_count: 0, examined: SIZE });
  });
});

describe("scarcity", () => {
  interface Found {
    agents: { id: string }[];
    total_matches: number;
    examined: number;
    sampled: boolean;
  }

  /** Busy agents all, but for those at `able`. */
  async function scarce(size: number, able: readonly number[]) {
    const opened = open();
    await populate(opened.registry, size, (i) => ({ ...SPOT, ...(!able.includes(i) && { status: "busy" }) }));
    return {
      ...opened,
      find: async (query = "") =>
        (await opened.registry.get<Found>(`/v1/discover?capability=spot${query}`)).body,
    };
  }

  it.each(["&limit=1", "", "&limit=1000"])("of one in 1,000 is always found out (%s)", async (query) => {
    const { find, cost } = await scarce(1000, [777]);
    for (let round = 0; round < 20; round += 1) {
      let found: Found | undefined;
      const { requests } = await cost(async () => (found = await find(query)));
      expect(found?.agents.map(({ id }) => id)).toEqual(["agent-00777"]);
      expect(found).toMatchObject({ sampled: true, total_matches: 1000 });
      expect(requests).toBeLessThanOrEqual(2);
    }
  });

  it("makes no sample of 200, but of 201", async () => {
    const atMost = await scarce(200, [7]);
    expect(await atMost.find("&limit=1")).toMatchObject({
      sampled: false,
      examined: 200,
      total_matches: 200,
    });
    expect(await atMost.cost(() => atMost.find("&limit=1"))).toMatchObject({ requests: 1 });
    const beyond = await scarce(201, [7]);
    expect(await beyond.find("&limit=1")).toMatchObject({ sampled: true, total_matches: 201 });
  });

  it.each([
    { limit: 1, examined: 64 },
    { limit: 8, examined: 64 },
    { limit: 9, examined: 72 },
    { limit: 25, examined: 200 },
    { limit: 200, examined: 200 },
    { limit: 201, examined: 1000 },
  ])("apart, $limit are picked from $examined of 1,000", async ({ limit, examined }) => {
    const { registry, cost } = await fleet(1000);
    let found: Found | undefined;
    const { requests } = await cost(async () => {
      found = (await registry.get<Found>(`/v1/discover?capability=spot&limit=${limit}`)).body;
    });
    expect(found).toMatchObject({ sampled: true, examined, total_matches: 1000 });
    expect(found?.agents).toHaveLength(limit);
    expect(requests).toBe(examined > 200 ? 2 : 1);
  });

  it.each([
    { limit: 1, examined: 1064 },
    { limit: 100, examined: 1200 },
  ])(
    "beyond that is not looked for in more than 1,000 others (limit $limit)",
    async ({ limit, examined }) => {
      const { find, cost } = await scarce(1300, []);
      let found: Found | undefined;
      const { requests } = await cost(async () => (found = await find(`&limit=${limit}`)));
      expect(found).toMatchObject({ agents: [], sampled: true, examined, total_matches: 1300 });
      expect(requests).toBe(2);
    },
  );

  it("never leaves a sampled answer empty when a few of 1,000 would do", async () => {
    const able = [3, 333, 666, 999];
    const { find } = await scarce(1000, able);
    for (let round = 0; round < 20; round += 1) {
      expect((await find("&limit=4")).agents).toHaveLength(able.length);
      expect((await find("&limit=1")).agents).toHaveLength(1);
    }
  });

  it("does not send every caller to the same one of many", async () => {
    const { registry } = await fleet(1000);
    const chosen = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const { body } = await registry.get<Found>("/v1/discover?capability=spot&limit=1");
      chosen.add(body.agents[0]!.id);
    }
    expect(chosen.size).toBeGreaterThan(5);
  });
});
