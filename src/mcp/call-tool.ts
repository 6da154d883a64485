import * as z from "zod";
import { check } from "../core/check.ts";
import { Problem } from "../core/problem.ts";
import { toolsetHealth } from "../core/toolsets/health.ts";
import type { CallRef } from "../registry/toolsets/call-id.ts";
import { callToolOf } from "../registry/toolsets/call.ts";
import { outcomeWithin } from "../registry/toolsets/result.ts";
import type { FoundTool } from "../registry/toolsets/tool-name.ts";
import { requireScope } from "./face.ts";
import { type Answered, answered, type Exchange } from "./answered.ts";
import { outcomeResult } from "./outcome-result.ts";
import { capabilitiesOf } from "./client-capabilities.ts";
import { followCall } from "./follow-call.ts";
import { checkMirroredArguments } from "./mirrored-arguments.ts";
import { nameOn, toolOn, toolsOn } from "./offered-tools.ts";
import { callToolInput, isCallTool, ownToolOf } from "./own-tools.ts";
import { invalidParams, type Json } from "./protocol.ts";
import { takesTasks, taskOf } from "./tasks.ts";
import { text, toolError } from "./tool-result.ts";

/** A call that takes longer is answered by a stream: while a Worker writes nothing it does not notice that its client has left. */
const AT_ONCE_MS = 1500;
/** How many toolsets with the same tool are named where one is dead. */
const ALTERNATIVES_MAX = 3;

type CallParams = z.output<typeof callParams>;
const callParams = z.looseObject({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
  inputResponses: z.record(z.string(), z.looseObject({})).optional(),
  requestState: z.string().optional(),
  _meta: z.looseObject({ progressToken: z.union([z.string(), z.number()]).optional() }).optional(),
});

/**
 * Answers `tools/call`: at once, or with a stream that ends with the result.
 *
 * What a model can mend is a result with `isError`; what its client has to mend, an error.
 *
 * @throws {RpcError} for a tool or parameters that do not exist; {Problem} `forbidden`, `store_unavailable` and the like
 */
export async function callTool(exchange: Exchange): Promise<Answered> {
  const { face, request, headers } = exchange;
  const params = check(callParams, request.params);
  if (params instanceof Problem) throw invalidParams(params.message);
  const { name, arguments: args } = params;
  if (isCallTool(name)) {
    const inner = check(callToolInput, args);
    if (inner instanceof Problem) return answered(exchange, toolError(inner.message));
    return callFound(exchange, await find(exchange, inner.name), { ...params, ...inner });
  }
  const own = face.toolset === null || face.findOnly ? ownToolOf(name) : undefined;
  if (own) {
    requireScope(face, own.scope);
    const input = check(own.input, args);
    const now = face.namespace.clock();
    const given = input instanceof Problem ? input : await own.run(face, input, now);
    return answered(exchange, given instanceof Problem ? refusal(given) : objectResult(given));
  }
  const found = await find(exchange, name);
  if (request.era === "modern") checkMirroredArguments(found.tool.payload_schema, args, headers);
  return callFound(exchange, found, params);
}

const objectResult = (value: Json): Json => ({
  content: [text(JSON.stringify(value))],
  structuredContent: value,
});

async function find({ face }: Exchange, name: string): Promise<FoundTool> {
  requireScope(face, "write");
  const found = await toolOn(face, name, face.namespace.clock());
  if (!found) throw invalidParams(`There is no tool "${name}" here.`);
  return found;
}

async function callFound(
  exchange: Exchange,
  found: FoundTool,
  { arguments: payload, inputResponses, requestState, _meta }: CallParams,
): Promise<Answered> {
  const { face, request } = exchange;
  const { namespace, asker } = face;
  const { entry, tool } = found;
  const progressToken = _meta?.progressToken;
  // No id of the client's own: its JSON-RPC ids come again with each connection.
  const meta = { run_id: crypto.randomUUID(), session_id: crypto.randomUUID() };
  const clientCapabilities = capabilitiesOf(request);
  const mcp = clientCapabilities && { clientCapabilities, inputResponses, requestState };
  const call = { tool: tool.name, input: async () => ({ payload, meta, mcp }), trace: exchange.trace };
  const queued = await callToolOf(namespace, asker, entry, call);
  if (queued instanceof Problem) return answered(exchange, await refusedCall(exchange, found, queued));
  const ref: CallRef = { toolset: entry.document.registration.id, callId: queued.callId };
  if (progressToken === undefined) {
    const outcome = await outcomeWithin(namespace, ref, AT_ONCE_MS);
    if (outcome) return answered(exchange, outcomeResult(outcome, request, tool.result_schema));
  }
  const task = progressToken === undefined && takesTasks(request) && (await taskOf(exchange, ref));
  return task ? answered(exchange, task) : followCall(exchange, ref, tool, progressToken);
}

/** Refusals that a model can act on. Others, such as that of a store that is out, are the client's. */
const TOLD_TO_MODELS: ReadonlySet<string> = new Set([
  "invalid_request",
  "queue_full",
  "toolset_unhealthy",
  "too_many_candidates",
  "service_not_found",
  "no_provider_available",
]);

function refusal(problem: Problem): Json {
  if (!TOLD_TO_MODELS.has(problem.code)) throw problem;
  const { reasons = [] } = problem.options;
  return toolError([problem.message, ...reasons.map(({ id, detail }) => `${id}: ${detail}`)].join("\n"));
}

async function refusedCall(exchange: Exchange, found: FoundTool, problem: Problem): Promise<Json> {
  if (problem.code !== "toolset_unhealthy") return refusal(problem);
  const { id } = found.entry.document.registration;
  const { age_ms } = problem.options.health!;
  const since = age_ms === null ? "yet" : `for ${Math.round(age_ms / 1000)} s`;
  const others = await alternatives(exchange, found);
  const alive = others.length > 0 ? `; alive with the same tool name: ${others.join(", ")}` : "";
  return toolError(`no healthy provider of ${id} ${since}${alive}`);
}

/** Names of healthy tools that are called the same in other toolsets. */
async function alternatives({ face }: Exchange, { entry, tool }: FoundTool): Promise<string[]> {
  const { namespace, toolset } = face;
  const now = namespace.clock();
  const names: string[] = [];
  if (toolset !== null) return names;
  for await (const other of toolsOn(face, undefined, now)) {
    const { id } = other.entry.document.registration;
    const isOther = id !== entry.document.registration.id && other.tool.name === tool.name;
    if (!isOther || !toolsetHealth(other.entry, namespace.ping, now).healthy) continue;
    names.push(nameOn(face, id, other.tool));
    if (names.length === ALTERNATIVES_MAX) break;
  }
  return names;
}
