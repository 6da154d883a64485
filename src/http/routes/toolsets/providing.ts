import * as z from "zod";
import { label } from "../../../core/names.ts";
import type { CallError, CallOutcome } from "../../../core/toolsets/call.ts";
import type { Entry } from "../../../core/entry.ts";
import { Problem, orThrow, invalid } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { decidePong, staleRegistration } from "../../../core/toolsets/registration.ts";
import { pulseAt } from "../../../core/toolsets/health.ts";
import { toolOfClaim } from "../../../gateway/claim-id.ts";
import type { Answering, AnswerRefusal, ClaimRequest } from "../../../gateway/gateway.ts";
import { changeOne } from "../../../store/change.ts";
import { type Call, endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";
import { epochOf, readHeld, replacedMeanwhile } from "../../../registry/toolsets/read.ts";
import { param } from "../../frame/validate.ts";
import { valueErrors } from "../../../registry/toolsets/validators.ts";
import { somethingOr } from "../../../registry/wait.ts";
import { WAIT_SECONDS_MAX } from "./tool-calls.ts";

const CLAIMED_AT_ONCE_MAX = 100;
const consumer = label(128);
const claimId = z.string().max(512);

const HOLDER = ["toolset_not_found", "forbidden", "lease_lost", "store_contended"] as const;

const claimInput = z.strictObject({
  consumer,
  /** 0: pings alone, from a provider whose hands are full. */
  max: z.int().min(0).max(CLAIMED_AT_ONCE_MAX).default(1),
  wait: z.number().min(0).max(WAIT_SECONDS_MAX).default(0),
});

const claims = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/claims",
  operationId: "claimCalls",
  summary: "Attach as a provider, and take the pings and calls there are, or wait for some",
  scope: "write",
  takesLeaseToken: true,
  body: claimInput,
  answers: {
    200: { description: "Each call is this consumer's for 60 s", body: shapes.claimedMessages },
  },
  refusals: ["invalid_request", ...HOLDER],
  async handle(asked) {
    const { name, body, now, clock, config, pause, gateway } = asked;
    const { wait: waitSeconds, ...request } = body;
    const end = now + waitSeconds * 1000;
    const intervalMs = config.ping.intervalMs;
    let entry = await readHeld(asked);
    for (;;) {
      const claimed = await gateway(name).claim({ ...request, intervalMs, epoch: epochOf(entry) }, clock());
      if (claimed === "stale") {
        entry = await readAgain(asked, entry);
        continue;
      }
      const { messages, seen, pingInMs } = claimed;
      if (messages.length > 0 || clock() >= end) return { status: 200, body: { messages } };
      const wait = pause(Math.min(end - clock(), pingInMs));
      // Who takes no calls is woken for none.
      await (request.max === 0 ? wait : somethingOr(gateway(name).arrived(seen), wait));
    }
  },
});

/** The gateway knows a later registration: it must be this provider's too, or it is told that it is not. */
async function readAgain(asked: Call<unknown, unknown>, before: Entry<"toolset">): Promise<Entry<"toolset">> {
  const entry = await readHeld(asked);
  if (entry.document.fence === before.document.fence) throw replacedMeanwhile(asked.name);
  return entry;
}

const socket = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name/claims",
  operationId: "openProviderSocket",
  summary: "Attach as a provider over a WebSocket, on which the same messages come; answers go by POST",
  scope: "write",
  takesLeaseToken: true,
  query: z.strictObject({ consumer, max: param.integer(1, CLAIMED_AT_ONCE_MAX).optional() }),
  answers: { 101: { description: "Messages come as they arise, at most `max` calls at a time" } },
  refusals: ["invalid_request", "upgrade_required", ...HOLDER],
  async handle(asked) {
    const { name, query, headers, now, config, gateway } = asked;
    if (headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      throw new Problem("upgrade_required", "GET here opens a WebSocket. To poll, POST.");
    }
    const request: ClaimRequest = {
      consumer: query.consumer,
      max: query.max ?? 1,
      intervalMs: config.ping.intervalMs,
      epoch: epochOf(await readHeld(asked)),
    };
    const raw = await gateway(name).socket(request, now);
    if (raw.status !== 101) throw replacedMeanwhile(name);
    return { status: 101, raw };
  },
});

const pong = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/pong",
  operationId: "pong",
  summary: "Answer a ping: the toolset is healthy again at once",
  scope: "write",
  takesLeaseToken: true,
  body: z.strictObject({
    ping_id: z
      .string()
      .max(256)
      .regex(/^[\w-]+\/[\w-]+$/, "must be the ping_id of a ping"),
  }),
  answers: { 200: { description: "Heard", body: shapes.pongTaken } },
  refusals: ["invalid_request", "stale_registration", ...HOLDER],
  async handle({ name, body, asker, token, store, now }) {
    const [pingFence] = body.ping_id.split("/") as [string];
    const ref = { kind: "toolset", id: name } as const;
    // The common case is one command: that the lease is there proves that ping, token and registration belong together.
    const lease = pulseAt(now);
    const renewed =
      token?.fence === pingFence
        ? await store.renew([{ ref, fence: pingFence, lease, ttlMs: null }], now)
        : ["gone"];
    if (renewed[0] === "gone") {
      const holding = { name, asker, fence: token?.fence, pingFence };
      orThrow(await changeOne(store, ref, (before) => decidePong(before, holding, now), now));
    }
    return { status: 200, body: { received: true, timestamp: isoTime(now) } };
  },
});

const delta = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/calls/:call/delta",
  operationId: "sendDelta",
  summary: "Send a piece of output to a call's asker; the claim holds 60 s more",
  scope: "write",
  takesLeaseToken: true,
  body: z.strictObject({
    claim_id: claimId,
    stream: label(64),
    delta: z.string().refine((text) => text.isWellFormed(), "must be well-formed Unicode"),
    seq: z.int().min(1).optional(),
  }),
  answers: { 200: { description: "Sent on", body: shapes.deltaTaken } },
  refusals: ["invalid_request", "call_not_found", "call_settled", "claim_lost", "stream_full", ...HOLDER],
  async handle(asked) {
    const { body, name, gateway, clock } = asked;
    const entry = await readHeld(asked);
    const { stream, delta: piece, seq } = body;
    const taken = await gateway(name).delta(
      { ...answering(asked, entry), stream, delta: piece, seq },
      clock(),
    );
    if (typeof taken === "string") throw notTaken(taken, name);
    return { status: 200, body: { received: true, deadline: isoTime(taken.deadlineAt) } };
  },
});

const callError = z.strictObject({
  code: label(128),
  message: z.string().max(4096),
  issues: z
    .array(z.looseObject({ field: z.string().max(1024), constraint: z.string().max(1024) }))
    .max(100)
    .optional(),
});
/** What goes with a result besides it, passed on as it is (source 3). */
const beside = {
  bounds: z.record(z.string(), z.unknown()).optional(),
  server_data: z.array(z.record(z.string(), z.unknown())).max(100).optional(),
};
const resultInput = z.union([
  z.strictObject({
    claim_id: claimId,
    result: z.unknown().refine((value) => value !== undefined, "is required"),
    ...beside,
  }),
  z.strictObject({ claim_id: claimId, error: callError }),
]);

const settle = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/calls/:call/result",
  operationId: "settleCall",
  summary: "Answer a call, for good: a result that breaks the tool's schema settles it as failed",
  scope: "write",
  takesLeaseToken: true,
  body: resultInput,
  answers: { 200: { description: "Settled", body: shapes.callSettled } },
  refusals: ["invalid_request", "call_not_found", "call_settled", "claim_lost", ...HOLDER],
  async handle(asked) {
    const { body, name, call: callId, gateway, clock } = asked;
    const entry = await readHeld(asked);
    const answer = answering(asked, entry);
    const { claim_id: _, ...given } = body;
    const outcome = checked(entry, answer.claimId, given as CallOutcome);
    const taken = await gateway(name).settle({ ...answer, outcome }, clock());
    if (taken !== "taken") throw notTaken(taken, name);
    return {
      status: 200,
      body: {
        call_id: callId,
        ...("error" in outcome ? { status: "failed", error: outcome.error } : { status: "done" }),
      },
    };
  },
});

/** The outcome, or in its place what is wrong with the result. */
function checked(entry: Entry<"toolset">, claim: string, outcome: CallOutcome): CallOutcome {
  if ("error" in outcome) return outcome;
  const wanted = toolOfClaim(claim);
  const tool = entry.document.registration.tools.find(({ name }) => name === wanted);
  const errors = tool ? valueErrors(tool.result_schema, tool.result_hash, outcome.result) : [];
  return errors.length > 0 ? { error: invalidResult(errors) } : outcome;
}

const invalidResult = (errors: readonly { pointer: string; detail: string }[]): CallError => ({
  code: "invalid_result",
  message: "The provider's result does not match the tool's result_schema.",
  issues: errors.map(({ pointer, detail }) => ({ field: pointer, constraint: detail })),
});

const answering = (
  { call: callId, body: { claim_id: claim } }: Call<unknown, { claim_id: string }>,
  entry: Entry<"toolset">,
): Answering => ({ epoch: epochOf(entry), callId, claimId: claim });

function notTaken(refusal: AnswerRefusal, name: string): Problem {
  switch (refusal) {
    case "stale":
      return staleRegistration(name);
    case "call_not_found":
      return new Problem(refusal, `No such call of "${name}" is kept.`);
    case "call_settled":
      return new Problem(refusal, "The call has its result, and keeps it.");
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

export const providingEndpoints = [claims, socket, pong, delta, settle];
