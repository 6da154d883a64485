import { describe, expect, it } from "vitest";
import { ManualPause } from "../../support/manual-pause.ts";
import { type Json, resultOf, rpc, type Sent, streamOf } from "../../support/mcp.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets } from "../../support/toolsets.ts";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const ALL = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };
const FORM = { method: "elicitation/create", params: { message: "What is your name?" } };
const URL = { method: "elicitation/create", params: { mode: "url", url: "https://a.example" } };
const SAMPLE = { method: "sampling/createMessage", params: { messages: [] } };
const WITH_TOOLS = { method: "sampling/createMessage", params: { messages: [], tools: [] } };
const ROOTS = { method: "roots/list" };
const ERROR = { code: "input_required", message: "It has to ask." };
const asks = (inputRequests: Json, more: Json = {}) => ({
  error: ERROR,
  server_data: [{ inputRequests, ...more }],
});

/** A registry, and a provider that answers the call `any` as it is told to. */
async function open(backend = BACKENDS[1].openBackend()) {
  const held = new ManualPause();
  const registry = openToolsets({ backend, pause: held.pause });
  const token = await registry.serve({ tools: [{ name: "any", payload_schema: true }] });
  let calls = 0;
  const settle = async (answer: Json) => {
    calls += 1;
    await held.begun(calls);
    const [claimed] = await registry.calls(token);
    expect((await registry.settle(token, claimed!, answer)).status).toBe(200);
    return claimed!;
  };
  const call = (capabilities: Json, params: Json = {}): Sent => ({
    params: { name: "tools__any", arguments: { a: 1 }, _meta: { [CAPABILITIES]: capabilities }, ...params },
  });
  return { registry, settle, call };
}

describe.each(BACKENDS)("a tool that asks back, $backend", ({ openBackend }) => {
  it("asks the client of its caller, which calls again with the answers", async () => {
    const { registry, settle, call } = await open(openBackend());
    const first = resultOf(registry, "tools/call", call(ALL));
    const unasked = await settle(asks({ who: FORM, more: ROOTS }, { requestState: "s" }));
    expect(unasked).toMatchObject({ payload: { a: 1 }, mcp: { clientCapabilities: ALL } });
    expect(await first).toEqual({
      resultType: "input_required",
      inputRequests: { who: FORM, more: ROOTS },
      requestState: "s",
      _meta: expect.anything() as unknown,
    });
    const answers = {
      inputResponses: { who: { action: "accept", content: { name: "Ann" } }, more: { roots: [] } },
      requestState: "s",
    };
    const second = resultOf(registry, "tools/call", call(ALL, answers));
    const answered = await settle({ result: "Hello, Ann!" });
    expect(answered).toMatchObject({ payload: { a: 1 }, mcp: { clientCapabilities: ALL, ...answers } });
    expect(await second).toMatchObject({ resultType: "complete", content: [{ text: "Hello, Ann!" }] });
  });
});

describe("a tool that asks back", () => {
  it("does so through call_tool, too", async () => {
    const { registry, settle, call } = await open();
    const inner = { name: "tools__any", arguments: { a: 1 } };
    const inputResponses = { who: { action: "decline" } };
    const params = { name: "rollcall__call_tool", arguments: inner, inputResponses };
    const waiting = resultOf(registry, "tools/call", call(ALL, params));
    const claimed = await settle(asks({}, { requestState: "s" }));
    expect(claimed).toMatchObject({ payload: { a: 1 }, mcp: { inputResponses } });
    expect(await waiting).toMatchObject({ resultType: "input_required", requestState: "s" });
  });

  it("does so on a stream, too", async () => {
    const { registry, settle, call } = await open();
    const params = { _meta: { [CAPABILITIES]: ALL, progressToken: 1 } };
    const waiting = streamOf(registry, "tools/call", call(ALL, params));
    await settle(asks({ who: FORM }));
    const { messages } = await waiting;
    expect(messages.at(-1)!.result).toMatchObject({ resultType: "input_required" });
  });

  it.each<[Json, Json, Json]>([
    [{}, { who: FORM }, { elicitation: { form: {} } }],
    [{ elicitation: { url: {} } }, { who: FORM }, { elicitation: { form: {} } }],
    [{ elicitation: {} }, { where: URL }, { elicitation: { url: {} } }],
    [{ elicitation: null }, { where: URL }, { elicitation: { url: {} } }],
    [{ elicitation: {} }, { who: FORM, what: SAMPLE }, { sampling: {} }],
    [{ sampling: {} }, { what: WITH_TOOLS }, { sampling: { tools: {} } }],
    [{ sampling: {} }, { where: ROOTS }, { roots: {} }],
  ])("does not ask a client with %j for %j", async (declared, inputRequests, requiredCapabilities) => {
    const { registry, settle, call } = await open();
    const waiting = rpc(registry, "tools/call", call(declared));
    await settle(asks(inputRequests));
    const { status, body } = await waiting;
    expect([status, body.error]).toEqual([
      400,
      { code: -32021, message: ERROR.message, data: { requiredCapabilities } },
    ]);
  });

  it.each<[Json, Json]>([
    [{ elicitation: {} }, { who: FORM }],
    [{ elicitation: { url: {} } }, { where: URL }],
    [{ sampling: {} }, { what: SAMPLE }],
    [{ sampling: { tools: {} } }, { what: WITH_TOOLS }],
    [{ roots: {} }, { where: ROOTS }],
  ])("asks a client with %j for %j", async (declared, inputRequests) => {
    const { registry, settle, call } = await open();
    const waiting = resultOf(registry, "tools/call", call(declared));
    await settle(asks(inputRequests));
    expect(await waiting).toMatchObject({ resultType: "input_required", inputRequests });
  });

  it("fails for a client of an earlier revision, with what it would have asked", async () => {
    const { registry, settle, call } = await open();
    const waiting = resultOf(registry, "tools/call", {
      ...call(ALL, { inputResponses: { who: {} }, requestState: "s" }),
      era: "legacy",
    });
    expect(await settle(asks({ who: FORM, where: ROOTS }))).not.toHaveProperty("mcp");
    const text =
      "It has to ask. (input_required)\nwho: What is your name? (elicitation/create)\nwhere: roots/list";
    expect(await waiting).toEqual({ content: [{ type: "text", text }], isError: true });
  });

  it.each([
    ["nothing", {}],
    ["of a method that is none", { inputRequests: { who: { method: "tools/call" } } }],
    ["with a state that is no text", { inputRequests: { who: FORM }, requestState: 7 }],
  ])("and asks %s fails as any other", async (_, data) => {
    const { registry, settle, call } = await open();
    const waiting = resultOf(registry, "tools/call", call(ALL));
    await settle({ error: ERROR, server_data: [data] });
    expect(await waiting).toMatchObject({
      isError: true,
      content: [{ text: "It has to ask. (input_required)" }],
    });
  });

  it("and does not take its state back tells the client that its request is at fault", async () => {
    const { registry, settle, call } = await open();
    const waiting = rpc(registry, "tools/call", call(ALL, { requestState: "forged" }));
    await settle({ error: { code: "invalid_request_state", message: "Not mine." } });
    const { status, body } = await waiting;
    expect([status, body.error]).toEqual([200, { code: -32602, message: "Not mine." }]);
  });
});

describe("answers to what was asked back", () => {
  it.each([{ inputResponses: null }, { inputResponses: { who: 1 } }, { requestState: 7 }])(
    "are refused where they are none: %j",
    async (params) => {
      const { registry, call } = await open();
      const { status, body } = await rpc(registry, "tools/call", call(ALL, params));
      expect([status, body.error?.code]).toEqual([200, -32602]);
    },
  );
});
