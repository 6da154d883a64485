import { systemClock } from "./clock.ts";
import { registry, type Registry } from "./registry.ts";
import type { ClientOptions } from "./transport.ts";

export type { JoinedAgent, JoinOptions } from "./join.ts";
export type { Ending } from "./stay.ts";
export { type ErrorCode, type Reason, RollcallError } from "./problem.ts";
export type { CallToolOptions, ToolCall, ToolResult, Trace } from "./call.ts";
export type { CallContext, ServedTool, ServedToolset, ServeOptions, ToolsetDefinition } from "./serve.ts";
export { retryHint, type RetryHint, ToolError } from "./tool-error.ts";
export type { Registry } from "./registry.ts";
export type * from "./shapes.ts";
export type { ClientOptions } from "./transport.ts";

/** A client of one registry. It holds no connection and needs no closing; what joined through it does. */
export const createClient = (options: ClientOptions): Registry => registry(options, systemClock);
