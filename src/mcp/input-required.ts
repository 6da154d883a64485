import * as z from "zod";
import type { CallOutcome } from "../core/toolsets/call.ts";
import { type Capabilities, capabilitiesOf, requireCapabilities } from "./client-capabilities.ts";
import { invalidParams, type Json } from "./protocol.ts";
import type { RpcRequest } from "./request.ts";

/** Error codes of a provider that asks its caller back, and that does not take back the state which it gave with that. */
const ASKS = "input_required";
const REFUSES_STATE = "invalid_request_state";

const inputRequest = z.looseObject({
  method: z.enum(["elicitation/create", "sampling/createMessage", "roots/list"]),
  params: z.looseObject({}).optional(),
});
type InputRequest = z.output<typeof inputRequest>;
/** What the error of a provider that asks back has as its `server_data`. */
const asked = z.tuple([
  z
    .object({
      inputRequests: z.record(z.string(), inputRequest).default({}),
      requestState: z.string().optional(),
    })
    .refine((needed) => Object.keys(needed.inputRequests).length > 0 || needed.requestState !== undefined),
]);
type NeededInput = z.output<typeof asked>[0];

function neededInput(outcome: CallOutcome): NeededInput | undefined {
  if (!("error" in outcome) || outcome.error.code !== ASKS) return undefined;
  return asked.safeParse(outcome.server_data).data?.[0];
}

/**
 * The result that asks the client back, which then repeats its call with the answers; undefined if its provider does not, or
 * the client's revision knows no such result.
 *
 * @throws {RpcError} where the client has not declared that it can answer, or has sent a state that its provider refuses
 */
export function inputRequired(outcome: CallOutcome, request: RpcRequest): Json | undefined {
  const declared = capabilitiesOf(request);
  if (!declared || !("error" in outcome)) return undefined;
  const { code, message } = outcome.error;
  if (code === REFUSES_STATE) throw invalidParams(message);
  const needed = neededInput(outcome);
  if (!needed) return undefined;
  for (const each of Object.values(needed.inputRequests))
    requireCapabilities(capabilitiesFor(each), declared, message);
  return { resultType: "input_required", ...needed };
}

function capabilitiesFor({ method, params = {} }: InputRequest): Capabilities {
  switch (method) {
    case "elicitation/create":
      return { elicitation: { [params["mode"] === "url" ? "url" : "form"]: {} } };
    case "sampling/createMessage":
      return { sampling: "tools" in params || "toolChoice" in params ? { tools: {} } : {} };
    case "roots/list":
      return { roots: {} };
  }
}

/** What a provider asks back, a line each, for those who cannot answer. */
export function questions(outcome: CallOutcome): string[] {
  const { inputRequests = {} } = neededInput(outcome) ?? {};
  return Object.entries(inputRequests).map(([name, { method, params }]) => {
    const message = params?.["message"];
    return typeof message === "string" ? `${name}: ${message} (${method})` : `${name}: ${method}`;
  });
}
