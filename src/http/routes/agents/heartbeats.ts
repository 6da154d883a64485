import * as z from "zod";
import { heartbeatInput } from "../../../core/agents/agent.ts";
import { entryId } from "../../../core/names.ts";
import type { HeartbeatResult } from "../../../core/agents/heartbeat.ts";
import { orThrow, Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { endpoint } from "../../frame/loose.ts";
import { callInAll, callIn, type CallInRequest } from "../../../registry/agents/call-in.ts";
import { unlessRefused } from "../../../registry/batch.ts";
import { readLeaseToken } from "../../../registry/lease-token.ts";
import { itemProblem } from "../../frame/dialects.ts";
import * as shapes from "../../answers/index.ts";
import { check } from "../../../core/check.ts";

const BULK_MAX = 500;

const answerOf = ({ lease, desired }: HeartbeatResult) => ({
  received: true,
  timestamp: isoTime(lease.lastSeenAt),
  next_interval_seconds: lease.intervalSeconds,
  expires_at: lease.expiresAt === null ? null : isoTime(lease.expiresAt),
  desired_state: desired,
});

const heartbeat = endpoint({
  method: "POST",
  path: "/v1/agents/:id/heartbeat",
  operationId: "heartbeat",
  summary: "Call in: renew the lease, and say what has changed",
  scope: "write",
  takesLeaseToken: true,
  body: heartbeatInput,
  bodyOptional: true,
  answers: { 200: { description: "Heard", body: shapes.heartbeatAnswer } },
  refusals: ["invalid_request", "lease_token_required", "agent_not_found", "lease_lost", "payload_too_large"],
  async handle({ id, body, asker, token, namespace, now }) {
    const request = { id, input: body, token, ownerMayToo: false };
    return { status: 200, body: answerOf(orThrow(await callIn(namespace, asker, request, now))) };
  },
});

const bulkItem = heartbeatInput.extend({ id: entryId, lease_token: z.string().min(1).max(512).optional() });

const bulk = endpoint({
  method: "POST",
  path: "/v1/heartbeats",
  operationId: "heartbeats",
  summary: "Call in for many agents at once; each item has a result of its own",
  scope: "write",
  body: z.strictObject({ heartbeats: z.array(z.unknown()).min(1).max(BULK_MAX) }),
  bodyShape: z.strictObject({ heartbeats: z.array(bulkItem).min(1).max(BULK_MAX) }),
  answers: { 200: { description: "One result per item, in order", body: shapes.heartbeatResults } },
  refusals: ["invalid_request"],
  async handle({ body, asker, namespace, now }) {
    const items = await Promise.all(body.heartbeats.map(readItem));
    const results = await unlessRefused(items, (requests) => callInAll(namespace, asker, requests, now));
    const shown = results.map((result, index) => {
      const id = idOf(body.heartbeats[index]);
      return result instanceof Problem
        ? { index, id, ...itemProblem(result) }
        : { index, id, status: 200, ...answerOf(result) };
    });
    return { status: 200, body: { results: shown } };
  },
});

async function readItem(item: unknown): Promise<CallInRequest | Problem> {
  const checked = check(bulkItem, item);
  if (checked instanceof Problem) return checked;
  const { id, lease_token, ...input } = checked;
  const token = lease_token === undefined ? undefined : await readLeaseToken(lease_token);
  return { id, input, token, ownerMayToo: false };
}

/** The id of an item, even of one that is otherwise wrong, so that its sender can tell which it was. */
function idOf(item: unknown): string | null {
  const parsed = z.object({ id: entryId }).safeParse(item);
  return parsed.success ? parsed.data.id : null;
}

export const heartbeatEndpoints = [heartbeat, bulk];
