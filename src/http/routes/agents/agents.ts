import * as z from "zod";
import { EFFECTIVE_STATUSES, registrationInput } from "../../../core/agents/agent.ts";
import { agentNotFound } from "../../../core/agents/kind.ts";
import { QUERY_TERMS_MAX, queryTerms } from "../../../core/agents/discovery.ts";
import { isLive } from "../../../core/entry.ts";
import { orThrow } from "../../../core/problem.ts";
import { type AgentRecord, agentRecord } from "../../../core/agents/record.ts";
import { isoTime } from "../../../core/time.ts";
import { decideRemoval } from "../../../core/agents/removal.ts";
import { changeOne } from "../../../store/change.ts";
import type { Page } from "../../../store/store.ts";
import { decodeCursor, encodeCursor } from "../../frame/cursor.ts";
import { endpoint } from "../../frame/loose.ts";
import { recordEtag } from "../../frame/etag.ts";
import { readSnapshot } from "../../../registry/read.ts";
import { register as registerAgent } from "../../../registry/agents/register.ts";
import * as shapes from "../../answers/index.ts";
import { param } from "../../frame/query.ts";

const PAGE_MAX = 200;
/** A page examines at most this many members, so that a filter that lets nothing through cannot make it slow. */
const EXAMINED_MAX = 500;

/** Filters by effective status; `healthy` means available, as everywhere. */
export const statusParam = z
  .enum([...EFFECTIVE_STATUSES, "healthy"])
  .transform((status) => (status === "healthy" ? "available" : status));

const register = endpoint({
  method: "POST",
  path: "/v1/agents",
  operationId: "registerAgent",
  summary: "Register an agent, replace one, or (with its Lease-Token) renew one",
  scope: "write",
  takesLeaseToken: true,
  body: registrationInput,
  answers: {
    200: { description: "Renewed: same epoch, same registered_at", body: shapes.registered },
    201: { description: "Created, or replaced with a new epoch", body: shapes.registered },
  },
  refusals: ["invalid_request", "forbidden", "lease_lost", "payload_too_large"],
  async handle(call) {
    const { namespace, asker, body, token, region, now } = call;
    const agent = { input: body, token, region };
    const { id, entry, outcome, leaseToken } = orThrow(await registerAgent(namespace, asker, agent, now));
    const { document, lease } = entry;
    const url = `/v1/agents/${encodeURIComponent(id)}`;
    return {
      status: outcome === "renewed" ? 200 : 201,
      headers: { Location: url },
      body: {
        agent_id: id,
        lease_token: leaseToken,
        registered_at: isoTime(document.registeredAt),
        heartbeat_url: `${url}/heartbeat`,
        heartbeat_interval_seconds: document.registration.heartbeat_interval_seconds,
        ttl_seconds: document.registration.ttl_seconds,
        expires_at: lease?.expiresAt ? isoTime(lease.expiresAt) : null,
        outcome,
      },
    };
  },
});

const list = endpoint({
  method: "GET",
  path: "/v1/agents",
  operationId: "listAgents",
  summary: "List live agents in id order, unreachable ones included",
  scope: "read",
  query: z.strictObject({
    type: z.string().optional(),
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    tag: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    status: z.array(statusParam).optional(),
    limit: param.integer(1, PAGE_MAX).optional(),
    cursor: z.string().optional(),
  }),
  answers: { 200: { description: "A page; next_cursor is null at the end", body: shapes.agentPage } },
  refusals: ["invalid_request"],
  async handle({ query, store, now }) {
    const { status: wanted, limit = 100 } = query;
    const terms = queryTerms(query);
    const agents: AgentRecord[] = [];
    let after: string | null = query.cursor === undefined ? "" : orThrow(decodeCursor(query.cursor));
    // One page is enough where everything passes (one more than the limit tells whether there is more); the second takes
    // the rest of what may be examined.
    for (const examine of [limit + 1, EXAMINED_MAX - limit - 1]) {
      if (after === null || agents.length > limit) break;
      const page: Page = await store.page({ kind: "agent", terms, after, limit: examine }, now);
      for (const entry of page.entries) {
        if (!isLive(entry)) continue;
        const record = agentRecord(entry, now);
        if (!wanted || wanted.includes(record.effective_status)) agents.push(record);
      }
      after = page.next;
    }
    const shown = agents.slice(0, limit);
    const next = agents.length > limit ? shown.at(-1)!.id : after;
    return {
      status: 200,
      body: { agents: shown, count: shown.length, next_cursor: next === null ? null : encodeCursor(next) },
    };
  },
});

const get = endpoint({
  method: "GET",
  path: "/v1/agents/:id",
  operationId: "getAgent",
  summary: "Read one agent",
  scope: "read",
  answers: { 200: { description: "The agent", body: shapes.agentRecord } },
  refusals: ["invalid_request", "agent_not_found"],
  async handle({ id, store, now }) {
    const { entry, documentDigest } = await readSnapshot(store, { kind: "agent", id }, now);
    if (!isLive(entry)) throw agentNotFound(id);
    const record = agentRecord(entry, now);
    return {
      status: 200,
      ...(documentDigest !== undefined &&
        record.status_reason === null && { etag: recordEtag(documentDigest, record) }),
      body: record,
    };
  },
});

const unregister = endpoint({
  method: "DELETE",
  path: "/v1/agents/:id",
  operationId: "unregisterAgent",
  summary: "Unregister an agent",
  scope: "write",
  takesLeaseToken: true,
  answers: { 204: { description: "Gone" } },
  refusals: ["invalid_request", "lease_token_required", "agent_not_found", "lease_lost"],
  async handle({ id, asker, token, store, now }) {
    const removal = { id, asker, fence: token?.fence, ownerMayToo: false };
    orThrow(
      await changeOne(store, { kind: "agent", id }, (entry) => decideRemoval(entry, removal, now), now),
    );
    return { status: 204 };
  },
});

export const agentEndpoints = [register, list, get, unregister];
