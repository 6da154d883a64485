import type { Asker } from "../../core/authority.ts";
import type { Entry } from "../../core/entry.ts";
import { type FieldError, Problem, invalid } from "../../core/problem.ts";
import type { CallMessage, CallMeta, McpCall } from "../../core/toolsets/call.ts";
import { type ToolsetHealth, toolsetHealth } from "../../core/toolsets/health.ts";
import { canonical } from "../../json-schema/index.ts";
import { sha256, toHex } from "../digest.ts";
import type { Namespace } from "../namespace.ts";
import { mintCallId } from "./call-id.ts";
import { epochOf, readToolset, registeredMeanwhile } from "./read.ts";
import { valueErrors } from "./validators.ts";

export interface CallInput {
  payload: unknown;
  meta: CallMeta;
  mcp?: McpCall | undefined;
}

export type Trace = Pick<CallMessage, "traceparent" | "tracestate" | "baggage">;

/** A call, but for the toolset. */
export interface CallRequest {
  tool: string;
  /** Asked for when toolset and tool have been found, so that a request for an unknown tool is not read. */
  input: () => Promise<CallInput>;
  trace: Trace;
}

export interface CallTool extends CallRequest {
  toolset: string;
}

export interface QueuedCall {
  callId: string;
  toolUseId: string;
  /** The call was repeated, and has its result already. */
  settled: boolean;
}

/**
 * Queues a call for a tool's providers, or finds the one that this repeats. What can be wrong is looked at in this order:
 * toolset, tool, payload, health, queue.
 *
 * @returns the call, or the Problem `toolset_not_found`, `tool_not_found`, `invalid_request`, `toolset_unhealthy`,
 *          `call_conflict`, `queue_full` or `store_contended`
 * @throws  what `input` throws
 */
export async function callTool(
  namespace: Namespace,
  asker: Asker,
  { toolset, ...request }: CallTool,
): Promise<QueuedCall | Problem> {
  const entry = await readToolset(namespace, toolset, namespace.clock());
  return entry instanceof Problem ? entry : callToolOf(namespace, asker, entry, request);
}

/** As `callTool`, of a toolset that has been read. */
export async function callToolOf(
  namespace: Namespace,
  asker: Asker,
  entry: Entry<"toolset">,
  { tool: toolName, input, trace }: CallRequest,
): Promise<QueuedCall | Problem> {
  const { clock, ping, resultKeptMs } = namespace;
  const toolset = entry.document.registration.id;
  const tool = entry.document.registration.tools.find(({ name }) => name === toolName);
  if (!tool) return new Problem("tool_not_found", `tool "${toolName}" not found in toolset "${toolset}"`);

  const { payload, meta, mcp } = await input();
  const now = clock();
  const errors = valueErrors(tool.payload_schema, tool.payload_hash, payload);
  if (errors.length > 0) return payloadInvalid(errors);

  const health = toolsetHealth(entry, ping, now);
  if (!health.healthy) return unhealthy(toolset, health);

  const { tool_call_id, ...rest } = meta;
  const repeatableAs = tool_call_id === undefined || tool_call_id === "" ? null : tool_call_id;
  const toolUseId = repeatableAs ?? crypto.randomUUID();
  const caller = callerOf(asker);
  const message: CallMessage = {
    tool_use_id: toolUseId,
    tool: toolName,
    payload,
    meta: { ...rest, ...(repeatableAs !== null && { tool_call_id: repeatableAs }) },
    ...(mcp && { mcp }),
    ...trace,
  };
  const called = await namespace.gateway(toolset).call(
    {
      epoch: epochOf(entry),
      callId: await mintCallId(namespace, toolset),
      toolUseId,
      caller,
      identity: repeatableAs === null ? null : JSON.stringify([caller, meta.run_id, repeatableAs]),
      digest: toHex(await sha256(canonical([toolName, payload]))),
      message: JSON.stringify(message),
      resultSchema: { hash: tool.result_hash, json: JSON.stringify(tool.result_schema) },
      keptMs: resultKeptMs,
    },
    now,
  );
  switch (called.answer) {
    case "stale":
      return registeredMeanwhile(toolset);
    case "conflict":
      return new Problem(
        "call_conflict",
        `tool_call_id "${repeatableAs}" of run "${meta.run_id}" was used for another tool or payload.`,
      );
    case "queue_full":
      return new Problem("queue_full", `Too many calls wait for "${toolset}".`);
    case "taken":
    case "repeated":
      return { callId: called.callId, toolUseId: called.toolUseId, settled: called.settled };
  }
}

/** The name under which a call is kept for its asker: that of the API key, "" under open access. */
export const callerOf = (asker: Asker): string => asker.name ?? "";

const payloadInvalid = (errors: readonly FieldError[]): Problem =>
  invalid(
    errors.map(({ pointer, detail }) => ({
      pointer: `/payload${pointer}`,
      detail: `payload validation failed: ${detail}`,
    })),
  );

function unhealthy(name: string, { healthy: _, ...health }: ToolsetHealth): Problem {
  const { last_pong, age_ms, staleness_threshold_ms } = health;
  const last = last_pong === null ? "last_pong=missing" : `last_pong=${last_pong}, age=${age_ms! / 1000}s`;
  return new Problem(
    "toolset_unhealthy",
    `no healthy providers for toolset "${name}" (staleness_threshold=${staleness_threshold_ms / 1000}s, ${last})`,
    { health },
  );
}
