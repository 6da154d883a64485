import { expect } from "vitest";
import { bearer } from "../support/keys.ts";
import { itMoves } from "../support/moving.ts";
import { ECHO, META, NEVER_HEARD } from "../support/toolsets.ts";

const TOOLS = "/v1/toolsets/tools";
const DESCRIBED = { description: "Text tools", version: "v1.2.3-rc.1", tags: ["text", "demo"] };

itMoves("The tool registry", {
  async "`Register`"({ open }) {
    const registry = open();
    const { status, body } = await registry.post("/v1/toolsets", {
      name: "tools",
      tools: [ECHO],
      ...DESCRIBED,
    });
    expect([status, body["registered_at"]]).toEqual([201, "2126-01-01T00:00:00.000Z"]);
  },
  async "`Unregister`"({ open }) {
    const registry = open();
    const headers = { "Lease-Token": await registry.offer() };
    expect((await registry.call("DELETE", TOOLS, undefined, headers)).status).toBe(204);
    const again = await registry.call("DELETE", TOOLS, undefined, headers);
    expect([again.status, again.body["code"]]).toEqual([404, "toolset_not_found"]);
  },
  async "`ListToolsets`"({ open }) {
    const registry = open();
    await registry.offer({ name: "a", tags: ["x", "y"] });
    await registry.offer({ name: "b", tags: ["x"] });
    expect(await registry.listed()).toEqual(["a", "b"]);
    expect(await registry.listed("?tag=x&tag=y")).toEqual(["a"]);
    expect(await registry.listed("?tag=z")).toEqual([]);
  },
  async "`GetToolset`"({ open }) {
    const registry = open();
    await registry.offer();
    expect((await registry.get(TOOLS)).body).toMatchObject({ name: "tools", tools: [ECHO] });
    expect((await registry.get("/v1/toolsets/none")).status).toBe(404);
  },
  async "`Search`"({ open }) {
    const registry = open();
    await registry.offer({ name: "a", description: "Charts and text" });
    const found = await registry.get<{ count: number }>("/v1/toolsets/search?q=CHART");
    const none = await registry.get<{ count: number }>("/v1/toolsets/search?q=echo");
    expect([found.body.count, none.body.count]).toEqual([1, 0]);
  },
  async "`CallTool`"({ open }) {
    const registry = open();
    await registry.serve();
    const { status, body } = await registry.callTool();
    expect([status, body.tool_use_id]).toEqual([202, expect.any(String)]);
  },
  async "reading the stream `toolset:<name>:requests`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body } = await registry.callTool({ text: "hi" }, { turn_id: "t" });
    expect(await registry.calls(token)).toEqual([
      expect.objectContaining({
        type: "call",
        tool_use_id: body.tool_use_id,
        tool: "echo",
        payload: { text: "hi" },
        meta: { ...META, turn_id: "t" },
      }),
    ]);
  },
  async "`Pong`"({ open }) {
    const registry = open();
    const token = await registry.offer();
    const { messages } = (await registry.claim(token)).body;
    expect(messages).toEqual([{ type: "ping", ping_id: expect.any(String) }]);
    await registry.attach(token);
    expect((await registry.health()).healthy).toBe(true);
  },
  async "an `output_delta` on the result stream"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    await registry.delta(token, claimed!, "half");
    await registry.settle(token, claimed!, { result: { text: "whole" } });
    const events = (await registry.stream(call)).map(({ event, data }) => [event, data["delta"]]);
    expect(events).toEqual([
      ["init", undefined],
      ["output_delta", "half"],
      ["result", undefined],
    ]);
  },
  async "the `result` on the result stream"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    expect((await registry.settle(token, claimed!, { result: { text: "x" } })).body.status).toBe("done");
    expect((await registry.result(call)).body).toMatchObject({ status: "done", result: { text: "x" } });
  },
  async "reading the stream `result:<tool_use_id>`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    const waiting = registry.result(call, "?wait=30");
    await registry.settle(token, claimed!, { result: { text: "x" } });
    expect((await waiting).body.status).toBe("done");
    const [init, result] = await registry.stream(call);
    expect([init?.event, result?.data]).toEqual(["init", expect.objectContaining({ result: { text: "x" } })]);
  },
  async "`Health`, `IsHealthy`"({ open }) {
    const registry = open();
    const token = await registry.offer();
    expect(await registry.health()).toEqual(NEVER_HEARD);
    await registry.attach(token);
    const { body } = await registry.list();
    expect(body.toolsets[0]?.health).toEqual(await registry.health());
  },

  async "`name`, `description`, `version`, `tags`, `tools`"({ open }) {
    const registry = open();
    await registry.offer(DESCRIBED);
    expect((await registry.get(TOOLS)).body).toMatchObject({ name: "tools", ...DESCRIBED, tools: [ECHO] });
    const unnumbered = { name: "b", tools: [ECHO], version: "1.2" };
    expect((await registry.post("/v1/toolsets", unnumbered)).status).toBe(400);
  },
  async "a tool's `payload_schema`, `result_schema`, `sidecar_schema`, as bytes"({ open }) {
    const registry = open();
    const tool = { ...ECHO, sidecar_schema: { type: "object" } };
    await registry.offer({ tools: [tool] });
    expect((await registry.get(TOOLS)).body["tools"]).toEqual([expect.objectContaining(tool)]);
    const draft4 = { ...ECHO, payload_schema: { $schema: "http://json-schema.org/draft-04/schema#" } };
    await registry.offer({ tools: [draft4] });
  },
  async "`payload_json`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    await registry.callTool({ text: "grüße" });
    expect((await registry.calls(token))[0]?.payload).toEqual({ text: "grüße" });
  },
  async "`run_id`, `session_id`, `turn_id`, `tool_call_id`, `parent_tool_call_id` of `meta`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const meta = { turn_id: "t", tool_call_id: "c", parent_tool_call_id: "p" };
    await registry.callTool(undefined, meta);
    expect((await registry.calls(token))[0]?.meta).toEqual({ ...META, ...meta });
    expect((await registry.callTool(undefined, { run_id: undefined })).status).toBe(400);
  },
  async "`tool_use_id`"({ open }) {
    const registry = open();
    await registry.serve();
    const { body } = await registry.callTool(undefined, { tool_call_id: "c" });
    expect(body).toEqual({
      tool_use_id: "c",
      call_id: expect.any(String),
      result_url: `${TOOLS}/calls/${body.call_id}`,
    });
    expect((await registry.result(body)).body).toMatchObject({ tool_use_id: "c", status: "pending" });
  },
  async "`result_json`, `bounds`, `server_data`, `error` with `code`, `message`, `issues`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const beside = { server_data: [{ kind: "k", audience: "a", data: {} }] };
    const issues = [{ field: "text", constraint: "too long" }];
    const answers = [
      { result: { text: "x" }, bounds: { total: 2 }, ...beside },
      { error: { code: "execution_failed", message: "no", issues }, ...beside },
    ];
    for (const answer of answers) {
      const { body: call } = await registry.callTool();
      const [claimed] = await registry.calls(token);
      await registry.settle(token, claimed!, answer);
      expect((await registry.result(call)).body).toMatchObject(answer);
    }
  },
  async "the registration token"({ open }) {
    const registry = open();
    const token = await registry.offer();
    expect(JSON.stringify((await registry.get(TOOLS)).body)).not.toContain(token.split(".")[3]);
    const foreign = await registry.claim("0.0.1.AAAAAAAAAAAAAAAAAAAAAA");
    expect([foreign.status, (await registry.claim(token)).status]).toEqual([409, 200]);
  },
  async "`ping_id`"({ open }) {
    const registry = open();
    const token = await registry.offer();
    const [ping] = (await registry.claim(token)).body.messages;
    expect(ping).toEqual({ type: "ping", ping_id: expect.stringMatching(/^[\w-]+\/[0-9a-f-]{36}$/) });
  },
  async "`Healthy`, `LastPong`, `Age`, `StalenessThreshold`"({ open }) {
    const registry = open();
    await registry.serve();
    await registry.pass(1500);
    expect(await registry.health()).toEqual({
      healthy: true,
      last_pong: "2126-01-01T00:00:00.000Z",
      age_ms: 1500,
      staleness_threshold_ms: 40_000,
    });
  },
  async "`tool_count`, `registered_at`"({ open }) {
    const registry = open();
    await registry.offer({ tools: [ECHO, { ...ECHO, name: "again" }] });
    const { body } = await registry.list();
    expect(body.toolsets[0]).toMatchObject({ tool_count: 2, registered_at: "2126-01-01T00:00:00.000Z" });
  },
  async "`not_found`, `validation_error`, `service_unavailable`"({ open }) {
    const registry = open();
    await registry.offer();
    const answers = [
      await registry.callTool({}, {}, { name: "none" }),
      await registry.callTool({}, {}, { tool: "none" }),
      await registry.callTool({}),
      await registry.callTool(),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual([
      "404 toolset_not_found",
      "404 tool_not_found",
      "400 invalid_request",
      "503 toolset_unhealthy",
    ]);
  },
  async "`traceparent`, `tracestate`, `baggage`"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const headers = {
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=1",
      baggage: "user=robin",
    };
    await registry.callTool(undefined, {}, { headers });
    expect((await registry.calls(token))[0]).toMatchObject(headers);
  },
  async "`PingInterval`, `MissedPingThreshold`"({ open }) {
    const registry = open({ env: { PING_INTERVAL_SECONDS: "5", MISSED_PING_THRESHOLD: "1" } });
    await registry.serve();
    await registry.pass(10_000);
    expect(await registry.health()).toMatchObject({ healthy: true, staleness_threshold_ms: 10_000 });
    await registry.pass(1);
    expect((await registry.health()).healthy).toBe(false);
  },
  async "`ResultStreamTTL`"({ open }) {
    const registry = open({ env: { RESULT_TTL_SECONDS: "60" } });
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: { text: "x" } });
    await registry.pass(60_000);
    expect((await registry.result(call)).status).toBe(200);
    await registry.pass(1);
    expect((await registry.result(call)).status).toBe(404);
  },
  async "the `Name` of a registry"({ open, withKeys }) {
    const registry = open();
    await registry.offer();
    const elsewhere = { ...bearer("key-of-stranger"), "Rollcall-Namespace": "elsewhere" };
    const { status, body } = await registry.get("/v1/toolsets", elsewhere);
    expect([status, body["count"]]).toEqual([200, 0]);
    const nobody = await registry.get("/v1/toolsets", bearer("key-of-nobody"));
    expect(nobody.status).toBe(withKeys ? 401 : 200);
  },

  async "a provider is pinged every 10 s while it listens"({ open }) {
    const registry = open();
    const token = await registry.offer();
    const pings: number[] = [];
    for (const ms of [0, 9999, 1, 10_000]) {
      await registry.pass(ms);
      pings.push((await registry.claim(token)).body.messages.length);
    }
    expect(pings).toEqual([1, 0, 1, 1]);
  },
  async "healthy through 40 s after the last pong, and unhealthy before the first"({ open }) {
    const registry = open();
    const token = await registry.offer();
    expect((await registry.health()).healthy).toBe(false);
    await registry.attach(token);
    await registry.pass(40_000);
    expect((await registry.health()).healthy).toBe(true);
    await registry.pass(1);
    expect((await registry.health()).healthy).toBe(false);
  },
  async "one pong makes a toolset healthy again"({ open }) {
    const registry = open();
    const token = await registry.serve();
    await registry.pass(3_600_000);
    expect((await registry.callTool()).status).toBe(503);
    await registry.attach(token);
    expect((await registry.callTool()).status).toBe(202);
  },
  async "the same name again replaces the toolset, which is unhealthy until its own first pong"({ open }) {
    const registry = open();
    await registry.serve();
    const token = await registry.offer({ description: "newer" });
    expect([await registry.listed(), (await registry.health()).healthy]).toEqual([["tools"], false]);
    await registry.attach(token);
    expect((await registry.health()).healthy).toBe(true);
  },
  async "an older registration's pong is passed over in silence"({ open }) {
    const registry = open();
    const older = await registry.offer();
    const [ping] = (await registry.claim(older)).body.messages;
    const token = await registry.offer();
    const late = await registry.pong(token, (ping as { ping_id: string }).ping_id);
    expect([late.status, late.body.code]).toEqual([410, "stale_registration"]);
    expect((await registry.health()).healthy).toBe(false);
  },
  async "a schema that does not compile is refused, and leaves nothing behind"({ open }) {
    const registry = open();
    for (const payload_schema of [{ type: "text" }, undefined, { $ref: "https://elsewhere.example/s" }]) {
      const body = { name: "tools", tools: [{ ...ECHO, payload_schema }] };
      expect((await registry.post("/v1/toolsets", body)).status).toBe(400);
    }
    expect(await registry.listed()).toEqual([]);
  },
  async "a call is checked in this order: toolset, tool, payload, health"({ open }) {
    const registry = open();
    const token = await registry.offer();
    const ways = [{ name: "none", tool: "none" }, { tool: "none" }, {}, {}] as const;
    const payloads = [{}, {}, {}, { text: "x" }];
    const statuses: number[] = [];
    for (const [i, way] of ways.entries())
      statuses.push((await registry.callTool(payloads[i], {}, way)).status);
    await registry.attach(token);
    statuses.push((await registry.callTool()).status);
    expect(statuses).toEqual([404, 404, 400, 503, 202]);
  },
  async "a result is passed on as it is"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    const settled = await registry.settle(token, claimed!, { result: { words: 1 } });
    expect(settled.body).toMatchObject({ status: "failed", error: { code: "invalid_result" } });
    expect((await registry.result(call)).body.error?.code).toBe("invalid_result");
  },
  async "a `tool_call_id` that is sent again leads to the same result stream"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const call = (payload: object) => registry.callTool(payload, { tool_call_id: "c" });
    const [first, again] = [await call({ text: "x" }), await call({ text: "x" })];
    expect(again.body).toEqual(first.body);
    expect(await registry.calls(token)).toHaveLength(1);
    expect((await call({ text: "y" })).body.code).toBe("call_conflict");
  },
  async "a call that is not acknowledged is delivered again"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const delivered: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      delivered.push((await registry.calls(token)).length);
      await registry.pass(60_001);
    }
    expect(delivered).toEqual([1, 1, 1, 0]);
    expect((await registry.result(call)).body.error?.code).toBe("timeout");
  },
  async "all of `tags` are required; a search looks for its whole text in name, description and tags, in any case"({
    open,
  }) {
    const registry = open();
    await registry.offer({ name: "c", tags: ["Pie chart"] });
    await registry.offer({ name: "b", description: "draws a pie CHART" });
    await registry.offer({ name: "pie.chart", tags: ["x", "y"] });
    const search = async (q: string) => {
      const { body } = await registry.get<{ toolsets: { name: string }[] }>(`/v1/toolsets/search?q=${q}`);
      return body.toolsets.map(({ name }) => name);
    };
    expect(await search("pie")).toEqual(["pie.chart", "b", "c"]);
    expect(await search("pie%20chart")).toEqual(["b", "c"]);
    expect(await registry.listed("?tag=x&tag=y")).toEqual(["pie.chart"]);
  },
  async "toolsets that nobody serves are listed"({ open }) {
    const registry = open();
    await registry.offer({ name: "a" });
    await registry.serve({ name: "b" });
    expect(await registry.listed()).toEqual(["a", "b"]);
    expect(await registry.listed("?healthy=true")).toEqual(["b"]);
    expect((await registry.list()).body.toolsets[0]?.health).toEqual(NEVER_HEARD);
  },
  async "a result stream is kept for 15 minutes"({ open }) {
    const registry = open();
    const token = await registry.serve();
    const { body: call } = await registry.callTool();
    const [claimed] = await registry.calls(token);
    await registry.settle(token, claimed!, { result: { text: "x" } });
    await registry.pass(900_000);
    expect(await registry.stream(call)).toHaveLength(2);
    await registry.pass(1);
    expect((await registry.result(call)).status).toBe(404);
  },
});
