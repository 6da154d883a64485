import type { Asker } from "../../core/authority.ts";
import type { Entry } from "../../core/entry.ts";
import { type FieldError, Problem, invalid } from "../../core/problem.ts";
import {
  type CallError,
  callNotFound,
  type CallOutcome,
  callSettled,
  OUTCOME_CHARS_MAX,
} from "../../core/toolsets/call.ts";
import { staleRegistration } from "../../core/toolsets/registration.ts";
import type { JsonSchema } from "../../core/toolsets/tool.ts";
import { resultHashOf } from "../../gateway/claim-id.ts";
import type { ClaimRefusal, Delta, Gateway } from "../../gateway/gateway.ts";
import type { Namespace } from "../namespace.ts";
import { epochOf, type ProviderOf, readForProvider } from "./read.ts";
import { valueErrors } from "./validators.ts";

/** The call that a provider has claimed. */
export interface ClaimedBy extends ProviderOf {
  callId: string;
  claimId: string;
}

/**
 * Adds a piece of output to a call's stream. The claim holds 60 s from then on.
 *
 * @returns when the claim ends, or the Problem `toolset_not_found`, `forbidden`, `lease_lost`, `stale_registration`,
 *          `call_not_found`, `call_settled`, `claim_lost`, `stream_full`, or `invalid_request` where `seq` leaves a gap
 */
export async function sendDelta(
  namespace: Namespace,
  asker: Asker,
  { callId, claimId, stream, delta, seq, ...provider }: ClaimedBy & Delta,
  now: number,
): Promise<{ deadlineAt: number } | Problem> {
  const entry = await readForProvider(namespace, asker, provider, now);
  if (entry instanceof Problem) return entry;
  const taken = await namespace
    .gateway(provider.name)
    .delta({ epoch: epochOf(entry), callId, claimId, stream, delta, seq }, namespace.clock());
  return typeof taken === "string" ? notTaken(taken, provider.name) : taken;
}

/**
 * Settles a call, for good. A result that breaks the tool's schema settles it as failed.
 *
 * @returns the outcome that the caller gets, or a Problem: as of `sendDelta`, or `payload_too_large`
 */
export async function settleCall(
  namespace: Namespace,
  asker: Asker,
  { callId, claimId, outcome: given, ...provider }: ClaimedBy & { outcome: CallOutcome },
  now: number,
): Promise<CallOutcome | Problem> {
  const entry = await readForProvider(namespace, asker, provider, now);
  if (entry instanceof Problem) return entry;
  // It may be longer than the request was, because 1e20 is kept with all its digits.
  if (JSON.stringify(given).length > OUTCOME_CHARS_MAX) {
    return new Problem("payload_too_large", `An answer is kept in at most ${OUTCOME_CHARS_MAX} characters.`);
  }
  const gateway = namespace.gateway(provider.name);
  const outcome = "error" in given ? given : await checkedBySchema(given, entry, gateway, claimId);
  const taken = await gateway.settle({ epoch: epochOf(entry), callId, claimId, outcome }, namespace.clock());
  return taken === "taken" ? outcome : notTaken(taken, provider.name);
}

/** The outcome; an error in its place if the result breaks the schema that the call was admitted with. */
async function checkedBySchema(
  outcome: CallOutcome & { result: unknown },
  entry: Entry<"toolset">,
  gateway: Gateway,
  claimId: string,
): Promise<CallOutcome> {
  const hash = resultHashOf(claimId);
  const tool = entry.document.registration.tools.find(({ result_hash }) => result_hash === hash);
  const schema = tool?.result_schema ?? (await earlierSchema(gateway, hash));
  const errors = schema === undefined ? [] : valueErrors(schema, hash, outcome.result);
  return errors.length > 0 ? { error: invalidResult(errors) } : outcome;
}

/** A schema that the toolset had before it was amended. Undefined for a claim that is none: the gateway refuses it. */
async function earlierSchema(gateway: Gateway, hash: string): Promise<JsonSchema | undefined> {
  const json = await gateway.resultSchema(hash);
  return json === undefined ? undefined : (JSON.parse(json) as JsonSchema);
}

const invalidResult = (errors: readonly FieldError[]): CallError => ({
  code: "invalid_result",
  message: "The provider's result does not match the tool's result_schema.",
  issues: errors.map(({ pointer, detail }) => ({ field: pointer, constraint: detail })),
});

function notTaken(refusal: ClaimRefusal, name: string): Problem {
  switch (refusal) {
    case "stale":
      return staleRegistration(name);
    case "call_not_found":
      return callNotFound(name);
    case "call_settled":
      return callSettled();
    case "claim_lost":
      return new Problem(
        refusal,
        "The claim lapsed, and the call went to another provider or back to the queue.",
      );
    case "out_of_order":
      return invalid([{ pointer: "/seq", detail: "is ahead of the deltas that came before it" }]);
    case "stream_full":
      return new Problem(refusal, "The call has sent as much as it may; its result is still welcome.");
  }
}
