import { describe, expect, it } from "vitest";
import { expectExactIndexes } from "../support/audit.ts";
import { redisBackend } from "../support/stores.ts";
import { ECHO, openToolsets } from "../support/toolsets.ts";

/** Three toolsets in Redis, and a hand inside of it. */
async function catalogue() {
  const backend = redisBackend();
  const registry = openToolsets({ backend });
  for (const name of ["a", "b", "c"]) await registry.serve({ name, tags: ["eu"] });
  const names = async (query = "") => {
    const { status, body } = await registry.get<{ toolsets: { name: string }[] }>(`/v1/toolsets${query}`);
    return [status, ...(status === 200 ? body.toolsets.map(({ name }) => name) : [])];
  };
  const everywhere = () => Promise.all(["", "?tag=eu", "/search?q=eu", "?healthy=true"].map(names));
  const raw = <T>(command: string, key: string, ...more: (string | number)[]) =>
    backend.bridge.raw<T>(command, `${backend.prefix}:default:${key}`, ...more);
  return { backend, registry, names, everywhere, raw };
}
const every = (...expected: unknown[]) => Array.from({ length: 4 }, () => expected);

/** A document as a toolset's is, but for what `without` names. */
const documentWithout = (without: string): string => {
  const registration = { id: "b", description: "", version: "1.0.0", tags: ["eu"], tools: [] };
  const document = { fence: "f", registeredAt: 0, owner: null, region: null, registration };
  return JSON.stringify(document, (key, value: unknown) => (key === without ? undefined : value));
};

describe("a toolset's document that somebody else's hand has spoiled", () => {
  it.each([
    ["no JSON", "{not json"],
    ["a list", "[]"],
    ["null", "null"],
    ["without what it must have", '{"fence":"f"}'],
    ["without its fence", documentWithout("fence")],
    ["without its id", documentWithout("id")],
    ["without its tags", documentWithout("tags")],
    ["without its tools", documentWithout("tools")],
    ["without its description", documentWithout("description")],
  ])(
    "hides no other when it is %s, passes for no empty place, and is mended by registering",
    async (_, value) => {
      const { registry, everywhere, raw } = await catalogue();
      await raw("SET", "doc:toolset:b", value);
      expect(await everywhere()).toEqual(every(200, "a", "c"));
      const read = await registry.get("/v1/toolsets/b");
      expect([read.status, read.body["code"]]).toEqual([500, "internal"]);
      expect((await registry.callTool(undefined, undefined, { name: "b" })).status).toBe(500);
      expect((await registry.post("/v1/sweep")).status).toBe(200);
      await registry.serve({ name: "b", tags: ["eu"] });
      expect(await everywhere()).toEqual(every(200, "a", "b", "c"));
      await expectExactIndexes(registry.backend.open("default"), registry.now);
    },
  );

  it("is the only one to fall silent when it is a lease", async () => {
    const { backend, registry, everywhere, names, raw } = await catalogue();
    const [key] = await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:default:lease:toolset:b:*`);
    await backend.bridge.raw("SET", key!, "{broken");
    expect(await names()).toEqual([200, "a", "b", "c"]);
    expect(await names("?healthy=true")).toEqual([200, "a", "c"]);
    expect(await registry.health("b")).toMatchObject({ healthy: false, last_pong: null });
    await raw("DEL", "nothing");
    await registry.serve({ name: "b", tags: ["eu"] });
    expect(await everywhere()).toEqual(every(200, "a", "b", "c"));
  });
});

describe("a stale member of a toolset's index", () => {
  it.each([
    ["behind which nothing stands", "b2\x1ff"],
    ["of a registration that was replaced since", "b\x1ff"],
  ])("%s is in no list, and the list heals", async (_, stale) => {
    const { registry, everywhere, raw } = await catalogue();
    for (const term of ["toolset", "toolset_tag:eu"]) await raw("ZADD", `ix:${term}`, 0, stale);
    expect(await everywhere()).toEqual(every(200, "a", "b", "c"));
    for (const term of ["toolset", "toolset_tag:eu"]) expect(await raw("ZCARD", `ix:${term}`)).toBe(3);
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });

  it("is left to the lists by the sweep, which heals the agents' indexes and takes no toolset for a stale member", async () => {
    const { registry, everywhere, raw } = await catalogue();
    await registry.register({ id: "a", tags: ["eu"] });
    await raw("ZADD", "ix:tag:eu", 0, "gone\x1ff");
    await raw("HSET", "terms", "tag:eu", 2);
    expect((await registry.post("/v1/sweep")).body).toMatchObject({ healed: 1 });
    expect((await registry.post("/v1/sweep")).body).toMatchObject({ healed: 0 });
    expect(await everywhere()).toEqual(every(200, "a", "b", "c"));
    await expectExactIndexes(registry.backend.open("default"), registry.now);
  });
});

describe("a toolset in Redis", () => {
  it("is a document, a lease without an end, and its terms; and nothing once it is unregistered", async () => {
    const backend = redisBackend();
    const registry = openToolsets({ backend });
    const keys = async () =>
      (await backend.bridge.raw<string[]>("KEYS", `${backend.prefix}:default:*`))
        .map((key) => key.slice(`${backend.prefix}:default:`.length))
        .toSorted();
    const token = await registry.serve({ name: "a/b", tags: ["eu"], tools: [ECHO] });
    const kept = await keys();
    expect(kept.map((key) => key.replace(/\d+-[\w-]{22}$/, "<fence>"))).toEqual([
      "doc:toolset:a/b",
      "events",
      "ix:mcp_name:a_b__echo_3d92f1f7d2",
      "ix:toolset",
      "ix:toolset_tag:eu",
      "lease:toolset:a/b:<fence>",
      "log:toolset:a/b",
      "stamps",
      "term_names",
      "usage",
    ]);
    const lease = `${backend.prefix}:default:${kept.find((key) => key.startsWith("lease:"))}`;
    expect(await backend.bridge.raw("PTTL", lease)).toBe(-1);
    await registry.attach(token, "a/b");
    expect(await backend.bridge.raw("PTTL", lease)).toBe(-1);
    await registry.call("DELETE", "/v1/toolsets/a%2Fb", undefined, { "Lease-Token": token });
    expect(await keys()).toEqual(["ended:toolset:a/b", "events", "log:toolset:a/b", "usage"]);
  });
});
