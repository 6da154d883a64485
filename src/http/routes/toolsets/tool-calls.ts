import * as z from "zod";
import { label } from "../../../core/names.ts";
import { hasScope } from "../../../core/authority.ts";
import { canonical } from "../../../json-schema/index.ts";
import { type FieldError, Problem, invalid } from "../../../core/problem.ts";
import { toolsetHealth } from "../../../core/toolsets/health.ts";
import type { Followed } from "../../../gateway/gateway.ts";
import { sha256 } from "../../../registry/digest.ts";
import { type Call, endpoint } from "../../frame/loose.ts";
import { mintSecret } from "../../../registry/lease-token.ts";
import * as shapes from "../../answers/index.ts";
import { epochOf, readToolset, replacedMeanwhile } from "../../../registry/toolsets/read.ts";
import { valueErrors } from "../../../registry/toolsets/validators.ts";
import { param } from "../../frame/validate.ts";
import { somethingOr } from "../../../registry/wait.ts";

export const WAIT_SECONDS_MAX = 30;
/** A stream that says nothing for long is taken for dead by what is in between. */
const STILL_HERE_MS = 15_000;
const TRACE_CHARS_MAX = 8192;

const callInput = z.strictObject({
  payload: z.unknown().refine((value) => value !== undefined, "is required"),
  meta: z.strictObject({
    run_id: label(256),
    session_id: label(256),
    turn_id: label(256).optional(),
    tool_call_id: z.union([z.literal(""), label(256)]).optional(),
    parent_tool_call_id: label(256).optional(),
  }),
});

const call = endpoint({
  method: "POST",
  path: "/v1/toolsets/:name/tools/:tool/calls",
  operationId: "callTool",
  summary: "Call a tool: its payload is checked here, its result comes at result_url",
  scope: "write",
  body: callInput,
  readsBodyLate: true,
  answers: {
    200: { description: "Repeated, and settled by now: the same call", body: shapes.callTaken },
    202: { description: "Queued for a provider", body: shapes.callTaken },
  },
  refusals: [
    "toolset_not_found",
    "tool_not_found",
    "invalid_request",
    "toolset_unhealthy",
    "call_conflict",
    "queue_full",
    "store_contended",
  ],
  async handle({ name, tool: toolName, readBody, headers, asker, store, gateway, config, clock }) {
    const entry = await readToolset(store, name, clock());
    const tool = entry.document.registration.tools.find((offered) => offered.name === toolName);
    if (!tool) throw new Problem("tool_not_found", `tool "${toolName}" not found in toolset "${name}"`);

    const { payload, meta } = await readBody();
    const now = clock();
    const errors = valueErrors(tool.payload_schema, tool.payload_hash, payload);
    if (errors.length > 0) throw payloadInvalid(errors);

    const { healthy, ...health } = toolsetHealth(entry, config.ping, now);
    if (!healthy) throw unhealthy(name, health);

    const { tool_call_id, ...rest } = meta;
    const named = tool_call_id === undefined || tool_call_id === "" ? null : tool_call_id;
    const toolUseId = named ?? crypto.randomUUID();
    const sent = {
      tool: toolName,
      payload,
      meta: { ...rest, ...(named !== null && { tool_call_id: named }) },
    };
    const called = await gateway(name).call(
      {
        epoch: epochOf(entry),
        callId: mintSecret(),
        toolUseId,
        caller: asker.name ?? "",
        identity: named === null ? null : JSON.stringify([asker.name ?? "", meta.run_id, named]),
        digest: (await sha256(canonical([toolName, payload]))).toHex(),
        message: JSON.stringify({ tool_use_id: toolUseId, ...sent, ...traceContext(headers) }),
      },
      now,
    );
    switch (called.answer) {
      case "stale":
        throw replacedMeanwhile(name);
      case "conflict":
        throw new Problem(
          "call_conflict",
          `tool_call_id "${named}" of run "${meta.run_id}" was used for another tool or payload.`,
        );
      case "queue_full":
        throw new Problem("queue_full", `Too many calls wait for "${name}".`);
      case "taken":
      case "repeated":
        return {
          status: called.settled ? 200 : 202,
          body: {
            tool_use_id: called.toolUseId,
            call_id: called.callId,
            result_url: `/v1/toolsets/${encodeURIComponent(name)}/calls/${called.callId}`,
          },
        };
    }
  },
});

const payloadInvalid = (errors: readonly FieldError[]): Problem =>
  invalid(
    errors.map(({ pointer, detail }) => ({
      pointer: `/payload${pointer}`,
      detail: `payload validation failed: ${detail}`,
    })),
  );

function unhealthy(
  name: string,
  health: { last_pong: string | null; age_ms: number | null; staleness_threshold_ms: number },
): Problem {
  const { last_pong, age_ms, staleness_threshold_ms } = health;
  const last = last_pong === null ? "last_pong=missing" : `last_pong=${last_pong}, age=${age_ms! / 1000}s`;
  return new Problem(
    "toolset_unhealthy",
    `no healthy providers for toolset "${name}" (staleness_threshold=${staleness_threshold_ms / 1000}s, ${last})`,
    { health },
  );
}

/** W3C trace context and baggage, as they came; what is longer than they may be is left out. */
function traceContext(headers: Headers): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["traceparent", "tracestate", "baggage"]) {
    const value = headers.get(name);
    if (value !== null && value.length <= TRACE_CHARS_MAX) found[name] = value;
  }
  return found;
}

const result = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name/calls/:call",
  operationId: "callResult",
  summary: "A call's result, or its whole stream with Accept: text/event-stream; for its caller alone",
  scope: "write",
  query: z.strictObject({ wait: param.integer(0, WAIT_SECONDS_MAX).optional() }),
  answers: {
    200: { description: "Pending, done or failed", body: shapes.callResult },
    204: { description: "This reader has had the whole stream: it need not connect again" },
  },
  refusals: ["invalid_request", "call_not_found"],
  async handle(asked) {
    const { call: callId, query, headers, now, clock } = asked;
    let followed = await follow(asked, EVERYTHING);
    if (headers.get("Accept")?.includes("text/event-stream")) {
      const seen = lastEventId(headers);
      const over = followed.status !== "pending" && seen > followed.total;
      return over ? { status: 204 } : { status: 200, raw: stream(asked, seen) };
    }
    const end = now + (query.wait ?? 0) * 1000;
    while (followed.status === "pending" && clock() < end) {
      await somethingOr(asked.gateway(asked.name).changed(callId, EVERYTHING), asked.pause(end - clock()));
      followed = await follow(asked, EVERYTHING);
    }
    return {
      status: 200,
      body: {
        call_id: callId,
        tool_use_id: followed.toolUseId,
        status: followed.status,
        ...followed.outcome,
      },
    };
  },
});

/** Asks for no deltas. */
const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** The number of the event that a reader had last; -1: none. */
function lastEventId(headers: Headers): number {
  const last = headers.get("Last-Event-ID");
  return last !== null && /^\d{1,9}$/.test(last) ? Number(last) : -1;
}

/** @throws {Problem} `call_not_found`, `forbidden` */
async function follow(asked: Call<unknown, unknown>, after: number): Promise<Followed> {
  const { name, call: callId, asker, gateway, clock } = asked;
  const followed = await gateway(name).follow(callId, after, clock());
  if (!followed) throw new Problem("call_not_found", `No such call of "${name}" is kept.`);
  if (followed.caller !== (asker.name ?? "") && !hasScope(asker, "admin")) {
    throw new Problem("forbidden", "This call is another key's.");
  }
  return followed;
}

/** The call's life as server-sent events. Each has a number, so that a reader that was cut off goes on where it was. */
function stream(asked: Call<unknown, unknown>, last: number): Response {
  const { name, call: callId, gateway, pause } = asked;
  const encoder = new TextEncoder();
  let seen = last;
  const body = new ReadableStream<Uint8Array>({
    // Called when the reader has room, so that one who does not read hasScope nothing up but himself.
    async pull(controller) {
      const event = (id: number, type: string, data: unknown): void =>
        controller.enqueue(encoder.encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`));
      if (seen < 0) return event((seen = 0), "init", {});
      const { status, toolUseId, deltas, outcome, total } = await follow(asked, seen);
      for (const { seq, ...delta } of deltas) {
        event((seen = seq), "output_delta", { tool_use_id: toolUseId, ...delta });
      }
      if (seen < total) return;
      if (status !== "pending") {
        event(total + 1, "result", { tool_use_id: toolUseId, ...outcome });
        return controller.close();
      }
      if (deltas.length > 0) return;
      const came = await somethingOr(gateway(name).changed(callId, seen), pause(STILL_HERE_MS));
      controller.enqueue(encoder.encode(came ? ": more\n\n" : ": still here\n\n"));
    },
  });
  return new Response(body, {
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" },
  });
}

const load = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name/calls",
  operationId: "toolsetLoad",
  summary: "How many calls of a toolset wait, how many are being carried out, and by how many consumers",
  scope: "read",
  answers: { 200: { description: "Counts, now", body: shapes.toolsetLoad } },
  refusals: ["invalid_request", "toolset_not_found"],
  async handle({ name, store, gateway, now }) {
    await readToolset(store, name, now);
    return { status: 200, body: await gateway(name).load(now) };
  },
});

export const toolCallEndpoints = [call, result, load];
