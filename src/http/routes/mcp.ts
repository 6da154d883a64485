import * as z from "zod";
import { entryId, label } from "../../core/names.ts";
import { Problem } from "../../core/problem.ts";
import type { Answered } from "../../mcp/answered.ts";
import type { Face } from "../../mcp/face.ts";
import { errorMessage, RPC } from "../../mcp/protocol.ts";
import { serveMessage } from "../../mcp/serve.ts";
import { type Ask, endpoint } from "../frame/endpoint.ts";
import { param } from "../frame/query.ts";
import { rpcMessage } from "../answers/mcp.ts";
import { traceContext } from "../frame/trace-context.ts";

/** MCP over streamable HTTP. A request is answered by one JSON-RPC message, or by a stream of them that ends with the result. */

const shared = {
  method: "POST",
  group: "mcp",
  // Each method has a scope of its own.
  scope: null,
  key: "required",
  dialect: "rpc",
  query: z.strictObject({
    tag: z.array(label(128)).max(16).default([]),
    healthy: param.flag(),
    tools: z.enum(["all", "find"]).default("all"),
  }),
  body: z.unknown(),
  bodyShape: rpcMessage,
  readsBodyLate: true,
} as const;
type McpAsk = Ask<unknown, z.output<typeof shared.query>, unknown>;

const allTools = endpoint({
  ...shared,
  path: "/mcp",
  operationId: "mcp",
  refusals: [],
  handle: (ask) => answer(ask, null),
});

const oneToolset = endpoint({
  ...shared,
  path: "/mcp/toolsets/:name",
  params: { name: entryId },
  operationId: "mcpOfToolset",
  refusals: ["toolset_not_found"],
  handle: (ask) => answer(ask, ask.params.name),
});

async function answer({ namespace, asker, query, readBody, headers }: McpAsk, toolset: string | null) {
  const { tag: tags, healthy, tools } = query;
  const face = {
    namespace,
    asker,
    toolset,
    tags,
    healthyOnly: healthy === "true",
    findOnly: tools === "find",
  };
  return { status: 200 as const, raw: responseTo(await answerOf(face, readBody, headers)) };
}

async function answerOf(face: Face, readBody: () => Promise<unknown>, headers: Headers): Promise<Answered> {
  let body: unknown;
  try {
    body = await readBody();
  } catch (error) {
    if (!(error instanceof Problem && error.code === "invalid_request")) throw error;
    const message = errorMessage(undefined, {
      code: RPC.parseError,
      message: error.message,
      data: undefined,
    });
    return { status: 400, message };
  }
  return serveMessage(face, body, { headers, trace: traceContext(headers) });
}

function responseTo(answered: Answered): Response {
  if ("messages" in answered) return eventStream(answered);
  const { status } = answered;
  return "message" in answered ? Response.json(answered.message, { status }) : new Response(null, { status });
}

/** JSON-RPC messages as server-sent events. */
function eventStream({ messages, left }: Extract<Answered, { messages: unknown }>): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    // Called when the reader has room for more.
    async pull(controller) {
      const { value, done } = await messages.next();
      if (done) return controller.close();
      const text = value === null ? ": still here\n\n" : `event: message\ndata: ${JSON.stringify(value)}\n\n`;
      controller.enqueue(encoder.encode(text));
    },
    async cancel() {
      // Not awaited: a wait that has begun may last, and is given up when it is over.
      void messages.return();
      await left();
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      // A proxy that collects an answer before it sends it on would hold all of it back.
      "X-Accel-Buffering": "no",
    },
  });
}

export const mcpEndpoints = [allTools, oneToolset];
