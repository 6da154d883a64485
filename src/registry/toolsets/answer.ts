import type { Asker } from "../../core/authority.ts";
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
import { type ProviderOf, readForProvider } from "./read.ts";
import { keptErrors, valueErrors } from "./validators.ts";

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
  const fence = await fenceFor(namespace, asker, provider, now);
  if (fence instanceof Problem) return fence;
  const taken = await namespace
    .gateway(provider.name)
    .delta({ fence, callId, claimId, stream, delta, seq }, namespace.clock());
  return typeof taken === "string" ? refusedAs(namespace, asker, provider, taken, now) : taken;
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
  const fence = await fenceFor(namespace, asker, provider, now);
  if (fence instanceof Problem) return fence;
  // It may be longer than the request was, because 1e20 is kept with all its digits.
  if (JSON.stringify(given).length > OUTCOME_CHARS_MAX) {
    return new Problem("payload_too_large", `An answer is kept in at most ${OUTCOME_CHARS_MAX} characters.`);
  }
  const gateway = namespace.gateway(provider.name);
  const outcome = "error" in given ? given : await checkedBySchema(given, gateway, claimId);
  const taken = await gateway.settle({ fence, callId, claimId, outcome }, namespace.clock());
  return taken === "taken" ? outcome : refusedAs(namespace, asker, provider, taken, now);
}

/**
 * The fence of the registration that a provider acts under. A token's is enough: the gateway knows the latest registration, and
 * who has its token may answer, so the store need not be read. An owner or admin without a token acts under the stored one.
 */
async function fenceFor(
  namespace: Namespace,
  asker: Asker,
  provider: ProviderOf,
  now: number,
): Promise<string | Problem> {
  if (provider.fence !== undefined) return provider.fence;
  const entry = await readForProvider(namespace, asker, provider, now);
  return entry instanceof Problem ? entry : entry.document.fence;
}

/** The outcome; an error in its place if the result breaks the schema that the call was admitted with. */
async function checkedBySchema(
  outcome: CallOutcome & { result: unknown },
  gateway: Gateway,
  claimId: string,
): Promise<CallOutcome> {
  const hash = resultHashOf(claimId);
  const errors = keptErrors(hash, outcome.result) ?? (await askedErrors(gateway, hash, outcome.result));
  return errors.length > 0 ? { error: invalidResult(errors) } : outcome;
}

async function askedErrors(gateway: Gateway, hash: string, result: unknown): Promise<FieldError[]> {
  const json = await gateway.resultSchema(hash);
  // Without a schema the claim is none, and the gateway refuses it.
  return json === undefined ? [] : valueErrors(JSON.parse(json) as JsonSchema, hash, result);
}

const invalidResult = (errors: readonly FieldError[]): CallError => ({
  code: "invalid_result",
  message: "The provider's result does not match the tool's result_schema.",
  issues: errors.map(({ pointer, detail }) => ({ field: pointer, constraint: detail })),
});

/** What a provider is told: of a token that is not the latest registration's, what the store says of it. */
async function refusedAs(
  namespace: Namespace,
  asker: Asker,
  provider: ProviderOf,
  refusal: ClaimRefusal,
  now: number,
): Promise<Problem> {
  const entry = refusal === "stale" && (await readForProvider(namespace, asker, provider, now));
  return entry instanceof Problem ? entry : notTaken(refusal, provider.name);
}

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
