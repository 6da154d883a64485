import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../src/config.ts";
import { storesOf } from "../src/open-store.ts";
import { durableStore } from "../src/store/embedded/durable-store.ts";
import { rendezvous } from "../src/store/sharded/rendezvous.ts";
import { idsOf, pageThrough, put, ref } from "./store/conformance/opened.ts";
import { entryOf } from "./support/entries.ts";
import { START } from "./support/start.ts";
import { redisBackend } from "./support/stores.ts";

const IDS = Array.from({ length: 40 }, (_, i) => `agent-${i}`);
const fleet = IDS.map((id) => entryOf({ id }, START));
/** Nothing listens there. */
const OUT = { url: "http://127.0.0.1:1", token: "none" };

describe("with REDIS_DATABASES", () => {
  interface Listed {
    name: string;
    url: string;
    token: string;
    namespaces: string[];
  }
  const { bridge, prefix } = redisBackend();
  const stores = (...listed: Listed[]) =>
    storesOf(
      parseConfig({
        ACCESS: "open",
        UPSTASH_REDIS_REST_URL: bridge.url,
        UPSTASH_REDIS_REST_TOKEN: bridge.token,
        REDIS_PREFIX: prefix,
        REDIS_DATABASES: JSON.stringify(listed),
      }),
      () => {
        throw new Error("there is no embedded store");
      },
    );

  it("a namespace lives in the database that lists it, and every other in the first", async () => {
    const openStore = stores({ ...OUT, name: "far", namespaces: ["team-1"] });
    expect(await openStore("default").count("agent")).toBe(0);
    await expect(openStore("team-1").count("agent")).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("a namespace that several list is spread over them", async () => {
    const openStore = stores(
      { url: bridge.url, token: bridge.token, name: "near", namespaces: ["team-1"] },
      { ...OUT, name: "far", namespaces: ["team-1"] },
    );
    const shardOf = rendezvous(["near", "far"]);
    const store = openStore("team-1");
    const near = IDS.filter((id) => shardOf(id) === 0);
    await put(store, START, ...near.map((id) => entryOf({ id }, START)));
    const read = (id: string) => store.read([ref(id)], START);
    expect((await read(near[0]!))[0]?.entry).toBeDefined();
    const [far] = IDS.filter((id) => shardOf(id) === 1);
    await expect(read(far!)).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("with EMBEDDED_SHARDS", () => {
  it("a namespace is spread over so many objects, the first of which has its name", async () => {
    const namespace = crypto.randomUUID();
    const names = new Set<string>();
    const openStore = storesOf(parseConfig({ ACCESS: "open", EMBEDDED_SHARDS: "3" }), (name) => {
      names.add(name);
      return env.REGISTRY.getByName(name);
    });
    await put(openStore(namespace), START, ...fleet);
    expect(idsOf(await pageThrough(openStore(namespace), ["agent"], 10, START))).toEqual(IDS.toSorted());
    expect([...names]).toEqual(expect.arrayContaining([namespace]));
    const counts = await Promise.all(
      [...names].map((name) => durableStore(() => env.REGISTRY.getByName(name)).count("agent")),
    );
    expect(counts).toHaveLength(3);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(40);
  });
});
