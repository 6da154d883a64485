import * as z from "zod";
import { heartbeatInput } from "../../../core/agents/agent.ts";
import type { HeartbeatResult } from "../../../core/agents/heartbeat.ts";
import { check } from "../../../core/check.ts";
import { entryId } from "../../../core/names.ts";
import { nextIntervalOf } from "../../../core/lease.ts";
import { isProblem, orThrow, Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { callIn, callInAll, type CallInRequest } from "../../../registry/agents/call-in.ts";
import { unlessRefused } from "../../../registry/batch.ts";
import { readLeaseToken } from "../../../registry/lease-token.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { endpoint } from "../../frame/endpoint.ts";

const BATCH_MAX = 500;

const heartbeat = endpoint({
  method: "POST",
  path: "/v1/agents/:id/heartbeat",
  params: { id: entryId },
  operationId: "heartbeat",
  isHeartbeat: true,
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  body: heartbeatInput,
  bodyOptional: true,
  refusals: [
    "invalid_request",
    "lease_token_required",
    "quota_exceeded",
    "agent_not_found",
    "lease_lost",
    "payload_too_large",
  ],
  async handle({ namespace, asker, params, body, token, now }) {
    const request = { id: params.id, input: body, token, ownerSuffices: false };
    return { status: 200, body: shown(orThrow(await callIn(namespace, asker, request, now))) };
  },
});

const batchItem = heartbeatInput.extend({ id: entryId, lease_token: z.string().min(1).max(512).optional() });

const batch = endpoint({
  method: "POST",
  path: "/v1/heartbeats",
  operationId: "heartbeats",
  isHeartbeat: true,
  group: "agents",
  scope: "write",
  body: z.strictObject({ heartbeats: z.array(z.unknown()).min(1).max(BATCH_MAX) }),
  bodyShape: z.strictObject({ heartbeats: z.array(batchItem).min(1).max(BATCH_MAX) }),
  refusals: ["invalid_request"],
  async handle({ namespace, asker, body, now }) {
    const items = await Promise.all(body.heartbeats.map(readItem));
    const results = await unlessRefused(items, (requests) => callInAll(namespace, asker, requests, now));
    const list = results.map((result, index) => {
      const id = idOf(body.heartbeats[index]);
      return result instanceof Problem
        ? { index, id, ...itemProblem(result) }
        : { index, id, status: 200, ...shown(result) };
    });
    return { status: 200, body: { results: list }, refused: results.filter(isProblem) };
  },
});

async function readItem(item: unknown): Promise<CallInRequest | Problem> {
  const checked = check(batchItem, item);
  if (checked instanceof Problem) return checked;
  const { id, lease_token, ...input } = checked;
  const token = lease_token === undefined ? undefined : await readLeaseToken(lease_token);
  return { id, input, token, ownerSuffices: false };
}

/** The id of an item, even of one that is otherwise wrong, so that its sender can tell which it was. */
function idOf(item: unknown): string | null {
  const parsed = z.object({ id: entryId }).safeParse(item);
  return parsed.success ? parsed.data.id : null;
}

const shown = ({ lease, desired, restored }: HeartbeatResult) => ({
  received: true as const,
  timestamp: isoTime(lease.lastSeenAt),
  next_interval_seconds: nextIntervalOf(lease),
  ...(lease.nextIntervalSeconds !== undefined && { interval_reason: "store_near_limit" as const }),
  expires_at: lease.expiresAt === null ? null : isoTime(lease.expiresAt),
  desired_state: desired,
  ...(restored && { restored }),
});

export const heartbeatEndpoints = [heartbeat, batch];
