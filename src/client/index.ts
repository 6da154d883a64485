import { systemClock } from "./clock.ts";
import type { ClientOptions } from "./options.ts";
import { registry, type Registry } from "./registry.ts";
import type { OpenSocket } from "./socket.ts";

export type { Read, Stale } from "./answer-cache.ts";
export type { JoinedAgent, JoinOptions } from "./joined-agent.ts";
export type { Ending } from "./lifecycle.ts";
export type {
  ClientOptions,
  LeaseOptions,
  OutgoingRequest,
  ReadOptions,
  RequestOptions,
  RequestOutcome,
  Trace,
} from "./options.ts";
export { type ErrorCode, type Reason, RollcallError } from "./problem.ts";
export { ProviderError, type ProviderFailure } from "./provider-error.ts";
export type { Registry } from "./registry.ts";
export { retryHint, type RetryHint } from "./retry-hint.ts";
export type {
  CallContext,
  ServedTool,
  ServedTools,
  ServedToolset,
  ServeOptions,
  ToolsetDefinition,
} from "./served-toolset.ts";
export type * from "./shapes.ts";
export type { JsonSchema, PayloadOf, Schema, StandardSchema } from "./standard-schema.ts";
export type { CallToolOptions, ToolCall, ToolResult } from "./tool-call.ts";
export { ToolError } from "./tool-error.ts";
export { ToolOutput } from "./tool-output.ts";
export type { WatchOptions, WatchQuery } from "./watch.ts";
export type { UseProvider, WithProviderOptions } from "./with-provider.ts";

/**
 * Creates a client of one registry. It keeps no connection and needs no closing; an agent that joined and a toolset that is
 * served do.
 *
 * ```ts
 * const registry = createClient({ url: "https://rollcall.example.workers.dev", key: process.env.ROLLCALL_KEY });
 * ```
 *
 * @see Registry for the methods and for how they fail
 */
export function createClient(options: ClientOptions): Registry {
  const { WebSocket } = globalThis as { WebSocket?: unknown };
  // A type of its own, because no platform's names the headers.
  return registry(options, systemClock, options.fetch ? undefined : (WebSocket as OpenSocket | undefined));
}
