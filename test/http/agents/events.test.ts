import { describe, expect, it } from "vitest";
import { absent } from "../../../src/store/store.ts";
import { openRedis } from "../../support/opened-redis.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Events {
  events: { id: string; type: string; revision: number; cursor: string }[];
  count: number;
  next_since: string;
}

const after = (registry: Registry, since?: string, query = "") =>
  registry.get<Events>(`/v1/events?${since === undefined ? "" : `since=${since}`}${query}`);
const idsAfter = async (registry: Registry, since?: string) =>
  (await after(registry, since)).body.events.map(({ id }) => id);

describe.each(BACKENDS)("events ($backend)", ({ openBackend }) => {
  it("go on after the cursor of a page or of any event, and after that of an empty history", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { body: none } = await after(registry);
    expect(none).toEqual({ events: [], count: 0, next_since: expect.stringMatching(/^[\w-]+$/) });
    expect(await idsAfter(registry, none.next_since)).toEqual([]);
    for (const id of ["a", "b", "c"]) await registry.register({ id });
    expect(await idsAfter(registry, none.next_since)).toEqual(["a", "b", "c"]);
    const { body } = await after(registry);
    expect(await idsAfter(registry, body.events[0]!.cursor)).toEqual(["b", "c"]);
    expect(body.next_since).toBe(body.events[2]!.cursor);
    expect((await after(registry, body.next_since)).body).toEqual({ ...body, events: [], count: 0 });
  });

  it("are refused after a number, which proves nothing, and after what is no cursor", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "a" });
    for (const number of ["0", "1", "120", "9007199254740993"]) {
      expect(await after(registry, number)).toMatchObject({ status: 410, body: { code: "cursor_too_old" } });
    }
    for (const nonsense of ["x", "1-0", "MQ", "%00", "-1", "9".repeat(1025), btoa("1-2-3")]) {
      expect(await after(registry, nonsense), nonsense).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ pointer: "/since" }] },
      });
    }
  });
});

interface Latest extends Pick<Events, "events" | "count"> {
  next_cursor: string | null;
}

describe.each(BACKENDS)("the newest events ($backend)", ({ openBackend }) => {
  const latest = async (registry: Registry, query = "") =>
    (await registry.get<Latest>(`/v1/events?order=desc${query}`)).body;
  const idsOf = ({ events }: Pick<Events, "events">) => events.map(({ id }) => id);

  it("come newest first, page by page, each once although more happens meanwhile", async () => {
    const registry = new Registry({ backend: openBackend() });
    expect(await latest(registry)).toEqual({ events: [], count: 0, next_cursor: null });
    for (const id of ["a", "b", "c", "d", "e"]) await registry.register({ id });
    const first = await latest(registry, "&limit=2");
    await registry.register({ id: "f" });
    const second = await latest(registry, `&limit=2&cursor=${first.next_cursor}`);
    const last = await latest(registry, `&limit=2&cursor=${second.next_cursor}`);
    expect([first, second, last].map(idsOf)).toEqual([["e", "d"], ["c", "b"], ["a"]]);
    expect(last.next_cursor).toBeNull();
    expect(idsOf(await latest(registry, `&cursor=${first.events[1]!.cursor}`))).toEqual(["c", "b", "a"]);
    expect(idsOf({ events: (await after(registry, first.events[0]!.cursor)).body.events })).toEqual(["f"]);
  });

  it("can be asked for by id and by any of several types, in either order", async () => {
    const registry = new Registry({ backend: openBackend() });
    for (const id of ["a", "b", "a", "c", "a"]) await registry.register({ id });
    const both = async (query: string) => {
      const [oldest, newest] = [await after(registry, undefined, query), await latest(registry, query)];
      expect(newest.events).toEqual(oldest.body.events.toReversed());
      return oldest.body.events.map(({ type, id }) => `${type} ${id}`);
    };
    expect(await both("&id=a")).toEqual(["registered a", "replaced a", "replaced a"]);
    expect(await both("&type=replaced&id=b")).toEqual([]);
    expect(await both("&type=registered&type=lapsed")).toEqual([
      "registered a",
      "registered b",
      "registered c",
    ]);

    const { body } = await after(registry, undefined, "&id=a&limit=2");
    expect((await after(registry, body.next_since, "&id=a")).body.events).toMatchObject([{ revision: 5 }]);
    const page = await latest(registry, "&id=a&limit=2");
    expect((await latest(registry, `&id=a&cursor=${page.next_cursor}`)).events).toMatchObject([
      { revision: 1 },
    ]);
  });

  it("are searched 1,000 at a time, and a page that finds none leads on", async () => {
    const backend = openBackend();
    const registry = new Registry({ backend });
    await registry.register({ id: "first" });
    const others = Array.from({ length: 1001 }, () => ({
      before: absent({ kind: "agent", id: "x" }),
      after: undefined,
      event: { type: "renewed", kind: "agent", id: "x", at: registry.now } as const,
    }));
    await backend.open("default").commit(others, registry.now);
    const pages = [await latest(registry, "&id=first")];
    pages.push(await latest(registry, `&id=first&cursor=${pages[0]!.next_cursor}`));
    expect(pages.map(idsOf)).toEqual([[], ["first"]]);
    expect(pages[1]!.next_cursor).toBeNull();
    const forward = [(await after(registry, undefined, "&type=lapsed")).body];
    forward.push((await after(registry, forward[0]!.next_since, "&type=lapsed")).body);
    forward.push((await after(registry, forward[1]!.next_since, "&type=lapsed")).body);
    const ends = forward.map(({ next_since }) => next_since);
    expect(ends[0]).not.toBe(ends[1]);
    expect(ends[1]).toBe(ends[2]);
  });

  it("are refused before a cursor of another history, and after what is of the other order", async () => {
    const [registry, other] = [openBackend(), openBackend()].map((backend) => new Registry({ backend }));
    for (const id of ["a", "b"])
      await Promise.all([registry!.register({ id }), other!.register({ id: `x${id}` })]);
    const { next_cursor } = await latest(other!, "&limit=1");
    expect(await registry!.get(`/v1/events?order=desc&cursor=${next_cursor}`)).toMatchObject({
      status: 410,
      body: { code: "cursor_too_old" },
    });
    for (const [query, pointer] of [
      [`order=desc&since=${next_cursor}`, "/since"],
      [`cursor=${next_cursor}`, "/cursor"],
      ["order=desc&cursor=x", "/cursor"],
      ["type=nonsense", "/type/0"],
      ["id=%20", "/id"],
      ["order=newest", "/order"],
    ]) {
      expect(await registry!.get(`/v1/events?${query}`), query).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ pointer }] },
      });
    }
  });
});

describe("a follower of events", () => {
  it("is answered 410 once Redis was emptied, whatever it had seen and has happened since", async () => {
    const redis = openRedis();
    const registry = new Registry({ backend: redis });
    const cursors = [(await after(registry)).body.next_since];
    for (const id of ["a", "b"]) {
      await registry.register({ id });
      cursors.push((await after(registry)).body.next_since);
    }
    for (const name of await redis.keys()) await redis.redis("DEL", name);
    for (const id of ["c", "d", "e"]) {
      for (const cursor of cursors) {
        expect(await after(registry, cursor)).toMatchObject({
          status: 410,
          body: { code: "cursor_too_old" },
        });
      }
      await registry.register({ id });
    }
    expect(await idsAfter(registry)).toEqual(["c", "d", "e"]);
  });
});
