import { describe, expect, it } from "vitest";
import { expectExactIndexes, termCounts } from "../../support/audit.ts";
import { type Backend, BACKENDS } from "../../support/stores.ts";
import {
  ECHO,
  NEVER_HEARD,
  openToolsets,
  type Refusal,
  type ToolsetInfo,
  type Toolsets,
} from "../../support/toolsets.ts";

interface Events {
  events: { type: string; kind: string; id: string; at: string }[];
}

const told = async (registry: Toolsets) =>
  (await registry.get<Events>("/v1/events")).body.events.map(({ type, kind, id }) => `${type} ${kind} ${id}`);

const open = (backend: Backend) => openToolsets({ backend });

describe.each(BACKENDS)("the catalogue on $backend", ({ openBackend }) => {
  describe("registering [3-03, 3-09]", () => {
    it("answers when, with a token, and where the toolset is", async () => {
      const registry = open(openBackend());
      const { status, headers, body } = await registry.post("/v1/toolsets", { name: "a/b@c", tools: [ECHO] });
      expect(status).toBe(201);
      expect(body).toStrictEqual({
        registered_at: new Date(registry.now).toISOString(),
        lease_token: expect.stringMatching(/^0\.0\.\d{13}\.[\w-]{22}$/) as string,
      });
      expect(headers.get("Location")).toBe("/v1/toolsets/a%2Fb%40c");
      expect((await registry.get(headers.get("Location")!)).body).toMatchObject({ name: "a/b@c" });
    });

    it("keeps everything that was said, and gives it back with every schema [3-25]", async () => {
      const registry = open(openBackend());
      const said = {
        name: "files",
        description: 'Reads and "writes" \u00e9\ud83d\ude00',
        version: "v2.1.0-rc.1",
        tags: ["io", "IO", "__proto__", "io"],
        tools: [
          {
            name: "files.read",
            description: "Reads",
            tags: ["fast"],
            payload_schema: { type: "object", properties: { path: { type: "string" } }, default: [] },
            result_schema: true,
            sidecar_schema: { type: "object", properties: {}, examples: [1.0, 1e21, "\u0000"] },
          },
          { name: "constructor", description: "", tags: [], payload_schema: false, result_schema: {} },
        ],
      };
      await registry.offer(said);
      const { body } = await registry.get("/v1/toolsets/files");
      expect(body).toStrictEqual({
        ...said,
        tool_count: 2,
        registered_at: new Date(registry.now).toISOString(),
        owner: null,
        health: NEVER_HEARD,
      });
    });

    it("again replaces all of it under a new epoch [3-09]", async () => {
      const registry = open(openBackend());
      const first = await registry.serve({ description: "first", tags: ["a", "b"], version: "3.0.0" });
      await registry.pass(1000);
      const second = await registry.offer({ tags: ["b", "c"], tools: [{ ...ECHO, name: "other" }] });
      expect(second).not.toBe(first);
      const { body } = await registry.get<ToolsetInfo>("/v1/toolsets/tools");
      expect(body).toMatchObject({
        description: "",
        version: "1.0.0",
        tags: ["b", "c"],
        tools: [{ name: "other" }],
        registered_at: new Date(registry.now).toISOString(),
        health: NEVER_HEARD,
      });
      expect(await registry.listed("?tag=a")).toEqual([]);
      expect(await registry.listed("?tag=c")).toEqual(["tools"]);
      await expectExactIndexes(registry.backend.open("default"), registry.now);
    });

    it("with the current token amends, and with an earlier one is refused", async () => {
      const registry = open(openBackend());
      const first = await registry.offer();
      expect(await registry.offer({}, { "Lease-Token": first })).toBe(first);
      const second = await registry.offer();
      const again = await registry.post(
        "/v1/toolsets",
        { name: "tools", tools: [ECHO] },
        { "Lease-Token": first },
      );
      expect(again).toMatchObject({ status: 409, body: { code: "lease_lost", action: "stop" } });
      expect((await registry.claim(second)).status).toBe(200);
    });

    it("at a clock that is behind is still the later registration, and the current one", async () => {
      const backend = openBackend();
      const [fast, slow] = [open(backend), open(backend)];
      await fast.pass(60_000);
      await fast.serve();
      const token = await slow.offer();
      const { body } = await slow.get<ToolsetInfo>("/v1/toolsets/tools");
      expect(Date.parse(body.registered_at)).toBe(fast.now + 1);
      expect(body.health.healthy).toBe(false);
      await slow.attach(token);
      expect(await slow.health()).toMatchObject({ healthy: true, age_ms: 0 });
    });

    it("after a removal at a clock that was ahead is the current one all the same", async () => {
      const backend = openBackend();
      const [fast, slow] = [open(backend), open(backend)];
      await fast.pass(60_000);
      const before = await fast.serve();
      await fast.call("DELETE", "/v1/toolsets/tools");
      const { body } = await slow.post<{ registered_at: string; lease_token: string }>("/v1/toolsets", {
        name: "tools",
        tools: [ECHO],
      });
      expect(Date.parse(body.registered_at)).toBe(fast.now + 1);
      expect((await slow.get<ToolsetInfo>("/v1/toolsets/tools")).body.registered_at).toBe(body.registered_at);
      expect((await slow.claim(before)).body.code).toBe("lease_lost");
      await slow.attach(body.lease_token);
      expect((await slow.callTool()).status).toBe(202);
      expect(await slow.calls(body.lease_token)).toHaveLength(1);
    });

    it("many times and gone in one instant is as good as new in that instant", async () => {
      const registry = open(openBackend());
      for (let i = 0; i < 5; i += 1) await registry.serve();
      await registry.call("DELETE", "/v1/toolsets/tools");
      await registry.serve();
      expect((await registry.callTool()).status).toBe(202);
    });

    it("several times at once leaves one epoch, whose token is the one that counts", async () => {
      const registry = open(openBackend());
      const tokens = await Promise.all(
        Array.from({ length: 8 }, (_, i) => registry.offer({ tags: [`t${i}`], description: `t${i}` })),
      );
      const claims = await Promise.all(tokens.map((token) => registry.claim(token)));
      const winners = claims.flatMap(({ status }, i) => (status === 200 ? [`t${i}`] : []));
      expect(claims.filter(({ body }) => body.code === "lease_lost")).toHaveLength(7);
      const { body } = await registry.get<ToolsetInfo>("/v1/toolsets/tools");
      expect([body.description, body.tags]).toEqual([winners[0], winners]);
      await expectExactIndexes(registry.backend.open("default"), registry.now);
    });

    it.each([
      ["a name that is a route's", { name: "search" }, "/name"],
      ["a name that is no id", { name: "__proto__" }, "/name"],
      ["no tools", { tools: [] }, "/tools"],
      [
        "a tool without a payload schema",
        { tools: [{ name: "a", result_schema: {} }] },
        "/tools/0/payload_schema",
      ],
      ["two tools of a name", { tools: [ECHO, ECHO] }, "/tools/1/name"],
      ["a tool with a slash in its name", { tools: [{ ...ECHO, name: "a/b" }] }, "/tools/0/name"],
      ["a schema that is text", { tools: [{ ...ECHO, payload_schema: "{}" }] }, "/tools/0/payload_schema"],
      ["a version that is none", { version: "1.0" }, "/version"],
      ["a field that nobody knows", { tools: [{ ...ECHO, schema: {} }] }, "/tools/0/schema"],
    ])("with %s is refused at its place, and leaves no trace [3-08]", async (_, fields, pointer) => {
      const registry = open(openBackend());
      const { status, body } = await registry.post<Refusal>("/v1/toolsets", {
        name: "tools",
        tags: ["eu"],
        tools: [ECHO],
        ...fields,
      });
      expect([status, body.code, body.errors?.map((error) => error.pointer)]).toEqual([
        400,
        "invalid_request",
        [pointer],
      ]);
      expect((await registry.list()).body).toStrictEqual({ toolsets: [], count: 0 });
      expect(await told(registry)).toEqual([]);
      expect(await termCounts(registry.backend.open("default"))).toEqual(new Map());
    });

    it("refused leaves what was there as it was", async () => {
      const registry = open(openBackend());
      const token = await registry.serve({ description: "first" });
      const before = (await registry.get("/v1/toolsets/tools")).body;
      const bad = { name: "tools", tools: [ECHO, ECHO] };
      expect((await registry.post("/v1/toolsets", bad, { "Lease-Token": token })).status).toBe(400);
      expect((await registry.get("/v1/toolsets/tools")).body).toStrictEqual(before);
    });
  });

  describe("reading [3-10, 3-25]", () => {
    it.each(["GET", "DELETE"])("by %s says 404 of what nobody registered", async (method) => {
      const { status, body } = await open(openBackend()).call(method, "/v1/toolsets/none");
      expect([status, body["code"], body["detail"]]).toEqual([
        404,
        "toolset_not_found",
        'toolset "none" not found',
      ]);
    });

    it("unregistering forgets it: the name is free, and its health gone", async () => {
      const registry = open(openBackend());
      const token = await registry.serve({ tags: ["eu"] });
      const gone = await registry.call("DELETE", "/v1/toolsets/tools", undefined, { "Lease-Token": token });
      expect([gone.status, gone.body]).toEqual([204, undefined]);
      expect((await registry.get("/v1/toolsets/tools")).status).toBe(404);
      expect(await registry.listed()).toEqual([]);
      expect(await registry.listed("?tag=eu")).toEqual([]);
      expect(await termCounts(registry.backend.open("default"))).toEqual(new Map());
      expect((await registry.callTool()).body.code).toBe("toolset_not_found");
      expect((await registry.claim(token)).body.code).toBe("lease_lost");

      const again = await registry.offer();
      expect(await registry.health()).toStrictEqual(NEVER_HEARD);
      expect((await registry.claim(token)).body.code).toBe("lease_lost");
      await registry.attach(again);
      expect((await registry.health()).healthy).toBe(true);
    });

    it("tells of each registration, replacement, amendment and removal, and of no pong", async () => {
      const registry = open(openBackend());
      await registry.serve();
      const token = await registry.serve();
      await registry.offer({}, { "Lease-Token": token });
      await registry.call("DELETE", "/v1/toolsets/tools", undefined, { "Lease-Token": token });
      expect(await told(registry)).toEqual([
        "registered toolset tools",
        "replaced toolset tools",
        "amended toolset tools",
        "unregistered toolset tools",
      ]);
    });
  });
});
