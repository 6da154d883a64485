/**
 * An MCP server over stdio of the revision 2025-11-25, written out so that it can also do what a library would not let it: die
 * in the middle of a call, change its list, say that it is another. Its name is its first argument.
 */
import { createInterface } from "node:readline";

const text = (words) => [{ type: "text", text: words }];
const nothing = { type: "object" };
const tools = [
  {
    name: "echo",
    title: "Echo",
    description: "Returns what it was given.",
    inputSchema: { $schema: "http://json-schema.org/draft-07/schema#", type: "object", required: ["text"] },
    outputSchema: { type: "object", required: ["text"] },
    annotations: { readOnlyHint: true },
  },
  ...["env", "pid", "fail", "wait", "cancelled", "grow", "die"].map((name) => ({
    name,
    inputSchema: nothing,
  })),
  { name: "odd", inputSchema: { type: "object", properties: { a: { type: "nonsense" } } } },
];

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const cancelled = [];
const waiting = new Map();

const CALLS = {
  echo: (given) => ({ content: text(given.text), structuredContent: given }),
  env: () => ({ content: text(JSON.stringify(process.env)) }),
  pid: () => ({ content: text(String(process.pid)) }),
  fail: () => ({ content: [...text("no such file"), { type: "text", text: "try another" }], isError: true }),
  cancelled: () => ({ content: text(String(cancelled.length)) }),
  die: () => process.exit(1),
  grow() {
    tools.push({ name: "late", inputSchema: nothing });
    send({ method: "notifications/tools/list_changed" });
    return { content: text("grown") };
  },
  late: () => ({ content: text("late") }),
};

const METHODS = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: process.argv[2], version: "1.2.3" },
  }),
  // Two pages.
  "tools/list": ({ cursor }) =>
    cursor === "2" ? { tools: tools.slice(3) } : { tools: tools.slice(0, 3), nextCursor: "2" },
  "tools/call": ({ name, arguments: given }) => CALLS[name](given),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, params = {} } = JSON.parse(line);
    if (method === "notifications/cancelled") {
      cancelled.push(params.requestId);
      waiting.delete(params.requestId);
    }
    if (id === undefined) return;
    if (params.name === "wait") {
      const { progressToken } = params["_meta"];
      send({
        method: "notifications/progress",
        params: { progressToken, progress: 1, total: 2, message: "half" },
      });
      waiting.set(id, params);
    } else if (Object.hasOwn(METHODS, method)) send({ id, result: METHODS[method](params) });
    else send({ id, error: { code: -32601, message: `no method ${method}` } });
  })
  .on("close", () => process.exit());
