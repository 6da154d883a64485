import { describe, expect, it } from "vitest";
import { openRedis } from "../../support/opened-redis.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Events {
  events: { id: string; type: string; revision: number; cursor: string }[];
  count: number;
  next_since: string;
}

const after = (registry: Registry, since?: string) =>
  registry.get<Events>(`/v1/events${since === undefined ? "" : `?since=${since}`}`);
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
    for (const nonsense of ["x", "1-0", "MQ", "%00", "-1", "9".repeat(65), btoa("1-2-3")]) {
      expect(await after(registry, nonsense), nonsense).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ pointer: "/since" }] },
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
