import type { Trace } from "./options.ts";
import type { CallMeta, Delta, ServerData } from "./shapes.ts";

export interface ToolCall {
  toolset: string;
  tool: string;
  /** JSON; the registry checks it against the tool's `payload_schema`. At most 256 KiB together with `meta`. */
  payload: unknown;
  /** The caller's own ids, passed on to the provider. A missing `tool_call_id` is made up. */
  meta: CallMeta;
}

export interface CallToolOptions {
  /** Cancels the call when it is aborted, so that its handler stops too; `callTool` rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called with each piece of output as it comes, once and in order. If it throws, the call is cancelled, and rejects with that. */
  onDelta?: ((delta: Delta) => void) | undefined;
  /** Passed on to the provider. */
  trace?: Trace | undefined;
}

export interface ToolResult<T> {
  toolUseId: string;
  /** What the handler returned; the registry has checked it against the tool's `result_schema`. */
  result: T;
  bounds?: unknown;
  server_data?: ServerData | undefined;
}
