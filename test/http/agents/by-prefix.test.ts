import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Reply } from "../../support/registry.ts";
import { listAll, sweep } from "../../support/agents.ts";
import { anId } from "../../support/arbitraries.ts";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { runs } from "../../support/seed.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Removed {
  dry_run: boolean;
  ids: string[];
  count: number;
  failed: object[];
  next_cursor: string | null;
}

const remove = (registry: Registry, query: string): Promise<Reply<Removed>> =>
  registry.call<Removed>("DELETE", `/v1/agents?${query}`);

describe.each(BACKENDS)("listing by a prefix on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });
  interface Page {
    agents: { id: string }[];
    lapsed: number;
    next_cursor: string | null;
  }

  it("gives those with the prefix and no other, whatever the ids, from page to page", async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(anId(), { maxLength: 12 }),
      anId().map((id) => id.slice(0, 2)),
      async (ids, wanted) => {
        const registry = open();
        await populate(registry, ids.length, (index) => ({ id: ids[index] }));
        const found: string[] = [];
        const query = `/v1/agents?limit=2&prefix=${encodeURIComponent(wanted)}`;
        for (let cursor: string | null = ""; cursor !== null;) {
          const { body }: Reply<Page> = await registry.get<Page>(query + (cursor && `&cursor=${cursor}`));
          found.push(...body.agents.map(({ id }) => id));
          cursor = body.next_cursor;
        }
        expect(found).toEqual(ids.filter((id) => id.startsWith(wanted)).toSorted(byCodeUnit));
      },
    );
    await fc.assert(property, { numRuns: runs(15) });
  });

  it("goes with the other filters, and counts the lapsed among those with the prefix alone", async () => {
    const registry = open();
    for (const id of ["a/1", "b/1", "b/2", "c/1"])
      await registry.register({
        id,
        type: id.endsWith("2") ? "coder" : "scout",
        ttl_seconds: 2,
        heartbeat_interval_seconds: 1,
      });
    const list = async (query: string) => (await registry.get<Page>(`/v1/agents?${query}`)).body;
    expect((await list("prefix=b/&type=coder")).agents.map(({ id }) => id)).toEqual(["b/2"]);
    await registry.pass(2001);
    expect(await list("prefix=b/")).toMatchObject({ agents: [], lapsed: 2, next_cursor: null });
  });

  it("refuses a cursor of another prefix, and what no id begins with", async () => {
    const registry = open();
    for (const id of ["a/1", "a/2", "b/1"]) await registry.register({ id });
    const { next_cursor } = (await registry.get<Page>("/v1/agents?prefix=a/&limit=1")).body;
    const refused = await registry.get(`/v1/agents?prefix=b/&cursor=${next_cursor}`);
    expect([refused.status, refused.body]).toMatchObject([400, { errors: [{ pointer: "/cursor" }] }]);
    for (const prefix of ["", "~", "/a"])
      expect((await registry.get(`/v1/agents?prefix=${prefix}`)).status, prefix).toBe(400);
  });
});

describe.each(BACKENDS)("unregistering by a prefix on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("only tells which unless it is said otherwise, then removes them, and once [4-20]", async () => {
    const registry = open();
    for (const id of ["test/b", "test/a", "test", "tess", "tesu", "TEST", "agent/test"])
      await registry.register({ id });
    const ids = ["test", "test/a", "test/b"];
    const told = { status: 200, body: { dry_run: true, ids, count: 3, failed: [], next_cursor: null } };
    expect(await remove(registry, "prefix=test")).toMatchObject(told);
    expect(await remove(registry, "prefix=test&dry_run=true")).toMatchObject(told);
    expect(await listAll(registry, 100)).toHaveLength(7);
    const { body } = await remove(registry, "prefix=test&dry_run=false");
    expect(body).toEqual({ ...told.body, dry_run: false });
    expect(await listAll(registry, 100)).toEqual(["TEST", "agent/test", "tess", "tesu"]);
    expect((await remove(registry, "prefix=test&dry_run=false")).body).toMatchObject({
      ids: [],
      next_cursor: null,
    });
  });

  it("takes those with the prefix and no other, whatever the ids", async () => {
    const prefix = anId().map((id) => id.slice(0, 2));
    const property = fc.asyncProperty(
      fc.uniqueArray(anId(), { maxLength: 12 }),
      prefix,
      async (ids, wanted) => {
        const registry = open();
        await populate(registry, ids.length, (index) => ({ id: ids[index] }));
        const expected = ids.filter((id) => id.startsWith(wanted)).toSorted(byCodeUnit);
        const { body } = await remove(registry, `prefix=${encodeURIComponent(wanted)}&dry_run=false`);
        expect(body.ids).toEqual(expected);
        const left = ids.filter((id) => !id.startsWith(wanted)).toSorted(byCodeUnit);
        expect(await listAll(registry, 100)).toEqual(left);
      },
    );
    await fc.assert(property, { numRuns: runs(15) });
  });

  it("removes lapsed ones too, ends what its holders had, and leaves an event of each", async () => {
    const registry = open();
    await registry.register({ id: "t/gone", ttl_seconds: 60 });
    const { lease_token } = await registry.register({ id: "t/here" });
    await registry.pass(60_001);
    await sweep(registry);
    expect((await remove(registry, "prefix=t/&dry_run=false")).body.ids).toEqual(["t/gone", "t/here"]);
    const beat = await registry.heartbeat("t/here", lease_token);
    expect(beat).toMatchObject({ status: 409, body: { code: "lease_lost" } });
    const { body } = await registry.get<{ events: { type: string; id: string }[] }>(
      "/v1/events?order=desc&limit=2",
    );
    expect(body.events.map(({ type, id }) => `${type} ${id}`)).toEqual([
      "unregistered t/here",
      "unregistered t/gone",
    ]);
  });

  it("goes on where it stopped, 1,000 at a time", async () => {
    const registry = open();
    await populate(registry, 1002, (index) => ({ id: `t/${String(index).padStart(4, "0")}` }));
    await registry.register({ id: "u" });
    const first = (await remove(registry, "prefix=t")).body;
    expect(first).toMatchObject({ count: 1000, next_cursor: expect.any(String) });
    const rest = { ids: ["t/1000", "t/1001"], next_cursor: null };
    expect((await remove(registry, `prefix=t&cursor=${first.next_cursor}`)).body).toMatchObject(rest);
    expect((await remove(registry, "prefix=t&dry_run=false")).body.count).toBe(1000);
    expect((await remove(registry, "prefix=t&dry_run=false")).body).toMatchObject(rest);
    expect(await listAll(registry, 100)).toEqual(["u"]);
    const foreign = await remove(registry, `prefix=u&cursor=${first.next_cursor}`);
    expect(foreign).toMatchObject({ status: 400, body: { errors: [{ pointer: "/cursor" }] } });
  });
});

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : 1);

it.each(["", "prefix=", "prefix=*", "prefix=.a", "prefix=a&dry_run=no", "prefix=a&prefix=b"])(
  "refuses %j, which would take more or other than was meant",
  async (query) => {
    const registry = new Registry();
    await registry.register({ id: "a" });
    expect((await remove(registry, query)).status).toBe(400);
    expect((await registry.get("/v1/agents/a")).status).toBe(200);
  },
);
