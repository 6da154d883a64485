import { Problem } from "../core/problem.ts";
import { type Answered, answered, type Exchange } from "./answered.ts";
import { callTool } from "./call-tool.ts";
import { type Face, requireScope } from "./face.ts";
import { listen } from "./listen.ts";
import { CACHING, listTools } from "./list-tools.ts";
import {
  errorMessage,
  type Json,
  LEGACY_VERSIONS,
  RPC,
  RpcError,
  SERVER_INFO,
  TASKS_EXTENSION,
  VERSIONS,
} from "./protocol.ts";
import { idOf, readRequest } from "./request.ts";
import { answerTask } from "./tasks.ts";

const INSTRUCTIONS =
  "Tools of many providers, by <toolset>__<tool>. If a tool is not in the list, rollcall__find_tools finds it, says whether it can be called now, and rollcall__call_tool calls it.";
const LEGACY_CAPABILITIES = { tools: {} };
const CAPABILITIES = { tools: { listChanged: true }, extensions: { [TASKS_EXTENSION]: {} } };

/**
 * Answers one message of an MCP client, of either era; it needs to know nothing of earlier ones.
 *
 * @throws {Problem} with the message's id, where the registry itself refuses: `forbidden`, `store_unavailable`, …
 */
export async function serveMessage(
  face: Face,
  body: unknown,
  { headers, trace }: Pick<Exchange, "headers" | "trace">,
): Promise<Answered> {
  const id = idOf(body);
  try {
    const request = readRequest(body, headers);
    return request ? await answer({ face, request, headers, trace }) : { status: 202 };
  } catch (error) {
    if (error instanceof RpcError) return { status: error.status, message: errorMessage(id, error) };
    if (error instanceof Problem)
      throw new Problem(error.code, error.message, { ...error.options, cause: error.cause, messageId: id });
    throw error;
  }
}

async function answer(exchange: Exchange): Promise<Answered> {
  const { face, request } = exchange;
  const isModern = request.era === "modern";
  switch (request.method) {
    case "tools/list":
      requireScope(face, "read");
      return answered(exchange, await listTools(face, request, face.namespace.clock()));
    case "tools/call":
      return callTool(exchange);
    case "server/discover":
      if (!isModern) break;
      return answered(exchange, {
        supportedVersions: VERSIONS,
        capabilities: CAPABILITIES,
        instructions: INSTRUCTIONS,
        ...CACHING,
      });
    case "subscriptions/listen":
      if (!isModern) break;
      return listen(exchange);
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel":
      if (!isModern) break;
      return answered(exchange, await answerTask(exchange, request.method));
    case "initialize":
      if (isModern) break;
      return answered(exchange, initialized(request.params));
    case "ping":
      if (isModern) break;
      return answered(exchange, {});
  }
  throw new RpcError(
    isModern ? 404 : 200,
    RPC.methodNotFound,
    `There is no method "${request.method}" here.`,
  );
}

/** A client that asks for a revision which is not spoken is offered the newest of its era. */
function initialized({ protocolVersion: asked }: Json): Json {
  return {
    protocolVersion: LEGACY_VERSIONS.find((version) => version === asked) ?? LEGACY_VERSIONS[0],
    capabilities: LEGACY_CAPABILITIES,
    serverInfo: SERVER_INFO,
    instructions: INSTRUCTIONS,
  };
}
