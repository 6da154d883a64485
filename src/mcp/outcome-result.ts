import type { CallOutcome } from "../core/toolsets/call.ts";
import type { JsonSchema } from "../core/toolsets/tool.ts";
import { checkCapabilities } from "./client-capabilities.ts";
import { inputRequired } from "./input-required.ts";
import type { Json } from "./protocol.ts";
import type { RpcRequest } from "./request.ts";
import { outputSchemaOf } from "./schema-projection.ts";
import { toolResult } from "./tool-result.ts";

/**
 * What a call's outcome answers `tools/call` with.
 *
 * @throws {RpcError} where its client has not declared what the tool needs, or has sent a state that its provider refuses
 */
export function outcomeResult(outcome: CallOutcome, request: RpcRequest, resultSchema: JsonSchema): Json {
  checkCapabilities(outcome, request);
  return inputRequired(outcome, request) ?? toolResult(outcome, outputSchemaOf(resultSchema, request.era));
}
