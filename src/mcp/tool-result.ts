import * as z from "zod";
import type { CallOutcome } from "../core/toolsets/call.ts";
import { questions } from "./input-required.ts";
import type { Json } from "./protocol.ts";

/** Content as MCP has it. A client refuses a whole result for one block that is not so. */
const resource = z.looseObject({ uri: z.string() });
const block = z.union([
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.enum(["image", "audio"]), data: z.base64(), mimeType: z.string() }),
  z.looseObject({ type: z.literal("resource_link"), uri: z.string(), name: z.string() }),
  z.looseObject({
    type: z.literal("resource"),
    resource: z.union([resource.extend({ text: z.string() }), resource.extend({ blob: z.base64() })]),
  }),
]);
const blocks = z.array(block);

export const text = (said: string): Json => ({ type: "text", text: said });

/** What a model reads, and can act on. */
export const toolError = (said: string): Json => ({ content: [text(said)], isError: true });

/**
 * A call's outcome as the result of `tools/call`.
 *
 * @param outputSchema  what the client knows of the value; undefined: nothing
 */
export function toolResult(outcome: CallOutcome, outputSchema: unknown): Json {
  const given = blocks.safeParse(outcome.server_data).data as Json[] | undefined;
  if ("error" in outcome) return { content: given ?? [text(errorText(outcome))], isError: true };
  const { result } = outcome;
  const isObject = typeof result === "object" && result !== null && !Array.isArray(result);
  return {
    content: given ?? [text(typeof result === "string" ? result : JSON.stringify(result))],
    // Where an output schema is listed a client insists on it; objects every era takes.
    ...((outputSchema !== undefined || isObject) && { structuredContent: result }),
  };
}

function errorText(outcome: Extract<CallOutcome, { error: unknown }>): string {
  const { code, message, issues = [] } = outcome.error;
  return [
    `${message} (${code})`,
    ...issues.map(({ field, constraint }) => `${field || "result"}: ${constraint}`),
    ...questions(outcome),
  ].join("\n");
}
