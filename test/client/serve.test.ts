import { expect, it } from "vitest";
import { wait } from "../../src/client/clock.ts";
import type { CallContext } from "../../src/client/served-toolset.ts";
import { ToolError } from "../../src/client/tool-error.ts";
import { ToolOutput } from "../../src/client/tool-output.ts";
import { CLAIM_MS } from "../../src/core/toolsets/call.ts";
import { clientOver, pollingClient } from "../support/client.ts";
import { Network } from "../support/network.ts";

const SCHEMAS = { payload_schema: {}, result_schema: {} };

type Handle = (payload: unknown, context: CallContext) => unknown;

/**
 * A tool served over a network on which a poll that finds nothing is over after a second; and one call of it.
 *
 * @param answered  when deltas get their answers
 */
async function serving(handle: Handle, answered = Promise.resolve()) {
  const network = new Network();
  const client = pollingClient(network, answered);
  const served = await network.until(
    client.serveToolset({ name: "text", tools: { it: { ...SCHEMAS, handle } } }),
  );
  const meta = { run_id: "r", session_id: "s" };
  const { call_id: callId } = await client.toolsets.call("text", "it", { payload: null, meta });
  return {
    network,
    result: () => client.toolsets.result("text", callId, { wait: 0 }),
    cancel: () => client.toolsets.cancel("text", callId),
    leave: async () => {
      await network.until(served.leave());
      expect(network.clock.pendingTimers).toBe(0);
    },
  };
}

it.each([0, -3_600_000, 3_600_000])(
  "tells a handler when its claim has lapsed, on a clock that is %i ms off",
  async (offMs) => {
    const reasons: unknown[] = [];
    let runs = 0;
    const { network, result, leave } = await serving(async (_, { signal }) => {
      runs += 1;
      if (runs > 1) return "second";
      await wait(network.clock, Infinity, signal);
      reasons.push(signal.reason);
      return "first";
    });
    network.clock.jump(offMs);
    await network.pass(CLAIM_MS - 1000);
    expect({ runs, reasons }).toEqual({ runs: 1, reasons: [] });
    await network.pass(5000);
    expect(reasons).toMatchObject([{ code: "claim_lost" }]);
    expect(await result()).toMatchObject({ status: "done", result: "second" });
    await leave();
  },
);

it("tells a handler at once that its claim has lapsed while the machine slept", async () => {
  let runs = 0;
  const { network, result, leave } = await serving(async (_, { signal }) => {
    runs += 1;
    if (runs === 1) await wait(network.clock, Infinity, signal);
    return runs;
  });
  await network.pass(2000);
  await network.sleep(CLAIM_MS);
  await network.pass(7000);
  expect(await result()).toMatchObject({ status: "done", result: 2 });
  await leave();
});

it("tells a handler at once that the caller has cancelled its call", async () => {
  const reasons: unknown[] = [];
  const { network, cancel, result, leave } = await serving(async (_, { signal }) => {
    await wait(network.clock, Infinity, signal);
    reasons.push(signal.reason);
  });
  await network.pass(1500);
  await cancel();
  await network.pass(1500);
  expect(reasons).toMatchObject([{ code: "cancelled" }]);
  expect(await result()).toMatchObject({ status: "failed", error: { code: "cancelled" } });
  await leave();
});

it("sends what a handler gives beside its result or its error", async () => {
  const server_data = [{ type: "text", text: "as content" }];
  const outputs: [unknown, object][] = [
    [
      new ToolOutput({ n: 1 }, { server_data, bounds: { total: 9 } }),
      { status: "done", result: { n: 1 }, server_data, bounds: { total: 9 } },
    ],
    [new ToolOutput(undefined), { status: "done", result: null }],
    [
      new ToolError("tool_error", "no such file", { server_data }),
      { status: "failed", error: { code: "tool_error", message: "no such file" }, server_data },
    ],
  ];
  for (const [output, answer] of outputs) {
    const { network, result, leave } = await serving(() => {
      if (output instanceof Error) throw output;
      return output;
    });
    await network.pass(3000);
    const { call_id: _c, tool_use_id: _t, ...rest } = await result();
    expect(rest).toEqual(answer);
    await leave();
  }
});

it("extends its claim with every delta, even an empty one", async () => {
  let runs = 0;
  const { network, result, leave } = await serving(async (_, { delta, signal }) => {
    runs += 1;
    for (let i = 0; i < 4; i += 1) {
      await wait(network.clock, CLAIM_MS - 10_000, signal);
      await delta("stdout", "");
    }
    return "done";
  });
  await network.pass(4 * CLAIM_MS);
  expect(await result()).toMatchObject({ status: "done", result: "done" });
  expect(runs).toBe(1);
  await leave();
});

it.each([
  { besides: "", deltas: 0 },
  { besides: ", and a delta is answered then", deltas: 1 },
])("leaves no timer when a handler goes on after its call was given up$besides", async ({ deltas }) => {
  const answered = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const { network, leave } = await serving(async (_, { delta }) => {
    for (let i = 0; i < deltas; i += 1) await delta("stdout", "a");
    await free.promise;
  }, answered.promise);
  await network.pass(1500);
  const another = { name: "text", tools: [{ name: "it", ...SCHEMAS }] };
  await clientOver(network).toolsets.register(another);
  await network.pass(3000);
  answered.resolve();
  await network.settle();
  expect(network.clock.pendingTimers).toBe(0);
  free.resolve();
  await leave();
});

it("cuts long output between characters, and replaces half surrogate pairs", async () => {
  const emoji = "\u{1f600}";
  const text = `${"a".repeat(32_767)}${emoji}${emoji.repeat(20_000)}\ud800b`;
  const { network, result, leave } = await serving((_, { delta }) => delta("stdout", text));
  await network.pass(5000);
  expect(await result()).toMatchObject({ status: "done" });
  const pieces = network.sent
    .filter(({ path }) => path.endsWith("/delta"))
    .map(({ body }) => body!["delta"] as string);
  expect(pieces.map((piece) => [piece.length, piece.isWellFormed()])).toEqual([
    [32_767, true],
    [32_768, true],
    [7236, true],
  ]);
  expect(pieces.join("")).toBe(text.toWellFormed());
  await leave();
});

const issue = { field: "/a", constraint: "b" };
const halved = `${"a".repeat(4095)}\u{1f600}`;
it.each<{ why: string; thrown: unknown; message: string }>([
  { why: "no code", thrown: new ToolError("", "out of cheese"), message: "out of cheese" },
  { why: "a code too long", thrown: new ToolError("c".repeat(129), "no cheese"), message: "no cheese" },
  { why: "a code of control characters", thrown: new ToolError("\u0000", "no"), message: "no" },
  {
    why: "too many issues",
    thrown: new ToolError("invalid_arguments", "no", { issues: Array.from({ length: 101 }, () => issue) }),
    message: "no",
  },
  {
    why: "an issue too long",
    thrown: new ToolError("invalid_arguments", "no", { issues: [{ ...issue, field: "f".repeat(1025) }] }),
    message: "no",
  },
  {
    why: "an issue that is no JSON",
    thrown: new ToolError("invalid_arguments", "no", { issues: [{ ...issue, at: 1n }] }),
    message: "no",
  },
  { why: "a long message", thrown: new Error(halved), message: `${"a".repeat(4095)}\ufffd` },
  { why: "what has no text", thrown: Object.create(null), message: "no text" },
])("settles a call once, as execution_failed, when its handler throws $why", async ({ thrown, message }) => {
  let runs = 0;
  const { network, result, leave } = await serving(() => {
    runs += 1;
    throw thrown;
  });
  await network.pass(5000);
  const { status, error } = await result();
  expect({ status, code: error?.code, runs }).toEqual({
    status: "failed",
    code: "execution_failed",
    runs: 1,
  });
  expect(error?.message).toContain(message);
  await leave();
});

it("answers no ping while it says that it is not well", async () => {
  let isWell = true;
  const network = new Network();
  const client = pollingClient(network);
  const tool = { ...SCHEMAS, handle: () => null };
  const options = { isWell: () => isWell };
  const served = await network.until(client.serveToolset({ name: "text", tools: { tool } }, options));
  const isHealthy = async () => (await client.toolsets.list()).toolsets[0]!.health.healthy;
  isWell = false;
  await network.pass(60_000);
  expect(await isHealthy()).toBe(false);
  isWell = true;
  await network.pass(20_000);
  expect(await isHealthy()).toBe(true);
  await network.until(served.leave());
});
