import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { type Json, MODERN_META, resultOf, rpc, type Sent, streamOf } from "../../support/mcp.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

const ANY = { name: "any", payload_schema: true };
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const DECLARED = { [CAPABILITIES]: { extensions: { "io.modelcontextprotocol/tasks": {} } } };
const TOKEN = "t".repeat(32);

interface Task {
  taskId: string;
  status: string;
  createdAt: string;
  lastUpdatedAt: string;
  ttlMs: number;
  pollIntervalMs: number;
  result?: Json;
  error?: Json;
}

/** A registry whose waits are over when the test says so, and a call that no provider has answered in time. */
async function open(backend = BACKENDS[1].openBackend(), env: Record<string, string> = {}) {
  const held = new ManualPause();
  const registry = openToolsets({ backend, env, pause: held.pause });
  const token = await registry.serve({ name: "a.b", tools: [ANY] });
  const listed = await resultOf<{ tools: { name: string }[] }>(registry, "tools/list");
  const name = listed.tools.map((tool) => tool.name).find((tool) => tool.startsWith("a_b"))!;
  const ask = (method: string, taskId: string, sent: Sent = {}) =>
    rpc(registry, method, { ...sent, params: { taskId, _meta: DECLARED, ...sent.params } });
  /** A call that is a task by now. */
  const begin = async (): Promise<Task> => {
    const params = { name, arguments: {}, _meta: DECLARED };
    const waiting = resultOf<Task & { resultType: string; _meta: Json }>(registry, "tools/call", { params });
    expect(await held.begun()).toEqual([1500]);
    await registry.pass(1500);
    held.end();
    const { resultType, _meta, ...task } = await waiting;
    expect([resultType, _meta]).toEqual(["task", expect.anything()]);
    return task;
  };
  const get = async (taskId: string): Promise<Task> => {
    const { status, body } = await ask("tasks/get", taskId);
    expect([status, body.error]).toEqual([200, undefined]);
    return body.result as unknown as Task;
  };
  const settle = async (answer: Json): Promise<void> => {
    const [claimed] = await registry.calls(token, {}, "a.b");
    expect((await registry.settle(token, claimed!, answer, "a.b")).status).toBe(200);
  };
  return { backend, registry, held, token, name, ask, begin, get, settle };
}

describe.each(BACKENDS)("a call that takes longer than 1.5 s, $backend", ({ openBackend }) => {
  it("is a task for a client that takes tasks, and the task has its result", async () => {
    const { registry, begin, get, settle } = await open(openBackend());
    const task = await begin();
    const { createdAt } = task;
    const madeAt = Date.parse(createdAt);
    expect(task).toEqual({
      taskId: expect.stringMatching(/^a\.b\.[\w-]+\.[\w-]+$/),
      status: "working",
      createdAt,
      lastUpdatedAt: createdAt,
      ttlMs: 900_000,
      pollIntervalMs: 1000,
    });
    expect(await get(task.taskId)).toMatchObject({ ...task, resultType: "complete" });

    await registry.pass(8500);
    await settle({ result: "done" });
    const ended = await get(task.taskId);
    expect(ended).toMatchObject({
      status: "completed",
      createdAt,
      lastUpdatedAt: new Date(madeAt + 10_000).toISOString(),
      ttlMs: 910_000,
      result: {
        resultType: "complete",
        content: [{ type: "text", text: "done" }],
        structuredContent: "done",
      },
    });

    // It is kept for 15 minutes from its end.
    await registry.pass(900_000);
    expect(await get(task.taskId)).toMatchObject({ status: "completed" });
  });
});

describe("a task over MCP", () => {
  it("says how long the deployment keeps it", async () => {
    const { begin } = await open(undefined, { RESULT_TTL_SECONDS: "60" });
    expect((await begin()).ttlMs).toBe(60_000);
  });

  it("is no longer known 15 minutes after its end", async () => {
    const { registry, begin, settle, ask } = await open();
    const { taskId } = await begin();
    await settle({ result: null });
    await registry.pass(900_001);
    expect((await ask("tasks/get", taskId)).body.error?.code).toBe(-32602);
  });

  it("is not begun for a client that takes none, nor for one that wants progress", async () => {
    const { registry, held, name, settle } = await open();
    const params = { name, arguments: {} };
    const waiting = streamOf(registry, "tools/call", { params });
    await held.begun();
    held.end();
    await held.begun(2);
    await settle({ result: 1 });
    expect((await waiting).messages.at(-1)!.result).toMatchObject({ resultType: "complete" });

    const asked = { ...params, _meta: { ...DECLARED, progressToken: 1 } };
    const told = streamOf(registry, "tools/call", { params: asked });
    await held.begun(3);
    await settle({ result: 1 });
    expect((await told).messages.at(-1)!.result).toMatchObject({ resultType: "complete" });
  });

  it("is not begun for what is answered at once", async () => {
    const { registry, held, name, settle } = await open();
    const params = { name, arguments: {}, _meta: DECLARED };
    const waiting = resultOf(registry, "tools/call", { params });
    await held.begun();
    await settle({ result: 1 });
    expect(await waiting).toMatchObject({ resultType: "complete", content: [{ text: "1" }] });
  });

  it.each([
    {
      what: "an error of the tool is a result",
      answer: { error: { code: "boom", message: "It broke." } },
      ended: { status: "completed", result: { isError: true, content: [{ text: "It broke. (boom)" }] } },
    },
    {
      what: "a value that is null has no structured content",
      answer: { result: null },
      ended: { status: "completed", result: { content: [{ text: "null" }] } },
    },
    {
      what: "a capability that its client lacks is a failure",
      answer: {
        error: { code: "missing_client_capability", message: "It samples." },
        server_data: [{ requiredCapabilities: { sampling: {} } }],
      },
      ended: {
        status: "failed",
        error: { code: -32021, data: { requiredCapabilities: { sampling: {} } } },
      },
    },
    {
      what: "what its tool would have asked is told as text",
      answer: {
        error: { code: "input_required", message: "It has to ask." },
        server_data: [{ inputRequests: { where: { method: "roots/list" } } }],
      },
      ended: {
        status: "completed",
        result: {
          resultType: "complete",
          isError: true,
          content: [{ text: "It has to ask. (input_required)\nwhere: roots/list" }],
        },
      },
    },
  ])("ends as its call does: $what", async ({ answer, ended }) => {
    const { begin, get, settle } = await open();
    const { taskId } = await begin();
    await settle(answer);
    const task = await get(taskId);
    expect(task).toMatchObject(ended);
    expect(task.result ?? {}).not.toHaveProperty("structuredContent");
  });

  it("that is cancelled takes its call with it, however often", async () => {
    const { registry, token, begin, get, ask } = await open();
    const { taskId } = await begin();
    for (const _ of [1, 2]) {
      const { body } = await ask("tasks/cancel", taskId);
      expect(body.result).toMatchObject({ resultType: "complete" });
    }
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    expect(await registry.calls(token, {}, "a.b")).toEqual([]);
  });

  it("that has ended stays as it is where it is cancelled", async () => {
    const { begin, get, ask, settle } = await open();
    const { taskId } = await begin();
    await settle({ result: 1 });
    expect((await ask("tasks/cancel", taskId)).body.result).toMatchObject({ resultType: "complete" });
    expect(await get(taskId)).toMatchObject({ status: "completed" });
  });

  it("takes an update, since nothing waits for one", async () => {
    const { begin, get, ask } = await open();
    const { taskId } = await begin();
    const { body } = await ask("tasks/update", taskId, { params: { inputResponses: {} } });
    expect(body.result).toMatchObject({ resultType: "complete" });
    expect(await get(taskId)).toMatchObject({ status: "working" });
  });

  it.each(["tasks/get", "tasks/update", "tasks/cancel"])(
    "is nobody's but its caller's: %s",
    async (method) => {
      const { backend, begin, get, ask } = await open();
      const { taskId } = await begin();
      const access = await keysAccess([{ name: "other", token: TOKEN, scopes: ["read", "write"] }]);
      const keyed = openToolsets({ backend, access });
      const params = { taskId, _meta: DECLARED };
      const others = await rpc(keyed, method, { params, headers: bearer(TOKEN) });
      expect([others.status, others.body.error?.code]).toEqual([200, -32602]);
      const refused = async (id: string, sent?: Sent) => (await ask(method, id, sent)).body.error?.code;
      expect(await refused(taskId, { url: "/mcp/toolsets/another" })).toBe(-32602);
      for (const id of ["x", "a.b.c.d", `${taskId}x`, `b.${taskId}`, taskId.slice("a.".length)]) {
        expect(await refused(id)).toBe(-32602);
      }
      expect(await get(taskId)).toMatchObject({ status: "working" });
      const own = await ask(method, taskId, { url: "/mcp/toolsets/a.b" });
      expect(own.body.error).toBeUndefined();
    },
  );

  it("is only for clients that have declared the extension", async () => {
    const { begin, ask } = await open();
    const { taskId } = await begin();
    const { status, body } = await ask("tasks/get", taskId, { params: { _meta: MODERN_META } });
    expect([status, body.error?.code, body.error?.data]).toEqual([
      400,
      -32021,
      { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
    ]);
  });

  it("is announced to clients of the modern era alone", async () => {
    const { registry, ask } = await open();
    const { capabilities } = await resultOf(registry, "server/discover");
    expect(capabilities).toMatchObject({ extensions: { "io.modelcontextprotocol/tasks": {} } });
    const legacy = await resultOf(registry, "initialize", { era: "legacy" });
    expect(legacy["capabilities"]).not.toHaveProperty("extensions");
    expect((await ask("tasks/get", "a.b.c.d", { era: "legacy" })).body.error?.code).toBe(-32601);
  });

  it("needs the right to call", async () => {
    const access = await keysAccess([{ name: "reader", token: TOKEN, scopes: ["read"] }]);
    const params = { taskId: "a.b.c", _meta: DECLARED };
    const { status } = await rpc(openToolsets({ access }), "tasks/get", { params, headers: bearer(TOKEN) });
    expect(status).toBe(403);
  });
});
