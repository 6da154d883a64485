import { beforeAll, describe, expect, it } from "vitest";
import type { Counters } from "../../support/bridge-control-protocol.ts";
import { mapConcurrently } from "../../support/map-concurrently.ts";
import { ERAS, rpc, type Sent } from "../../support/mcp.ts";
import { redisBackend } from "../../support/stores.ts";
import { ECHO, openToolsets, type Toolsets } from "../../support/toolsets.ts";

const MEBIBYTE = 1024 * 1024;
const TOOLSETS = 100;
const TOOLS_EACH = 20;

/** What Redis is asked per request over MCP: HTTP requests, and the commands in them. */
async function open() {
  const redis = redisBackend();
  const registry = openToolsets({ backend: redis });
  // An isolate reads the key of its proofs once in five minutes.
  await registry.open("default").proofKey();
  return {
    registry,
    cost: async (method: string, sent?: Sent) => {
      let answer: Awaited<ReturnType<typeof rpc>> | undefined;
      const spent = await redis.bridge.cost(async () => (answer = await rpc(registry, method, sent)));
      return { ...answer!, requests: spent.requests, commands: spent.commands };
    },
  };
}

const once: Partial<Counters> = { requests: 1, commands: 1 };

/** Tools as large as those of the official servers. */
function serveMany(registry: Toolsets): Promise<unknown> {
  const tools = Array.from({ length: TOOLS_EACH }, (_, n) => ({
    ...ECHO,
    name: `tool_${n}`,
    description: "Says what it was told, and nothing else. ".repeat(4),
  }));
  const names = Array.from({ length: TOOLSETS }, (_, n) => `tools-${n}`);
  return mapConcurrently(10, names, (name) => registry.serve({ name, tools }));
}

// A script costs a second trip the first time that Redis is asked for it, and then no more.
beforeAll(async () => {
  const { registry } = await open();
  await registry.serve({ tools: [{ ...ECHO, name: "a b" }] });
  const { body } = await rpc(registry, "tools/list");
  const [{ name } = { name: "" }] = (body.result!["tools"] as { name: string }[]).slice(-1);
  await rpc(registry, "tools/call", { params: { name, arguments: {} } });
});

describe("the list of tools", () => {
  it(`of ${TOOLSETS} toolsets with ${TOOLSETS * TOOLS_EACH} tools costs one round trip, and takes less than a mebibyte`, async () => {
    const { registry, cost } = await open();
    await serveMany(registry);
    for (const era of ERAS) {
      const { status, body, requests, commands } = await cost("tools/list", { era });
      expect({ status, requests, commands }).toEqual({ status: 200, ...once });
      const { tools, nextCursor } = body.result as { tools: { name: string }[]; nextCursor?: string };
      expect(nextCursor).toBeUndefined();
      expect(tools.filter(({ name }) => name.startsWith("tools-")).length).toBe(TOOLSETS * TOOLS_EACH);
      expect(JSON.stringify(body).length).toBeLessThan(MEBIBYTE);
    }
  });
});

describe("a call over MCP", () => {
  it.each([
    ["plain", "echo"],
    ["shortened", "a b"],
  ])("by a %s name costs one round trip", async (_, tool) => {
    const { registry, cost } = await open();
    await registry.serve({ tools: [{ ...ECHO, name: tool }] });
    const { body } = await rpc(registry, "tools/list");
    const { name } = (body.result!["tools"] as { name: string }[]).at(-1)!;
    // Its arguments are refused, so that nobody has to answer it.
    expect(await cost("tools/call", { params: { name, arguments: {} } })).toMatchObject({
      ...once,
      status: 200,
      body: { result: { isError: true } },
    });
  });
});
