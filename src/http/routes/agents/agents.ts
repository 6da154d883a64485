import * as z from "zod";
import { effectiveStatus } from "../../../core/agents/agent.ts";
import { QUERY_TERMS_MAX } from "../../../core/agents/discovery.ts";
import { agentRecord } from "../../../core/agents/record.ts";
import { entryId } from "../../../core/names.ts";
import { invalid, orThrow } from "../../../core/problem.ts";
import { listAgents } from "../../../registry/agents/list.ts";
import { readAgent } from "../../../registry/agents/read.ts";
import { unregister } from "../../../registry/agents/unregister.ts";
import { unregisterAll } from "../../../registry/agents/unregister-all.ts";
import { decodeCursor, encodeCursor } from "../../frame/cursor.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { recordEtag } from "../../frame/etag.ts";
import { ageHeader, allowance, allowed, staleShown } from "../../frame/freshness.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { param } from "../../frame/query.ts";
import { lapsingShown } from "../../../core/agents/lapsing.ts";

const list = endpoint({
  method: "GET",
  path: "/v1/agents",
  operationId: "listAgents",
  group: "agents",
  scope: "read",
  query: z.strictObject({
    type: z.string().optional(),
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    tag: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    status: z.array(effectiveStatus).optional(),
    prefix: entryId.optional().meta({ description: "What ids begin with" }),
    limit: param.integer(1, 200).optional(),
    cursor: z.string().optional(),
    ...allowance,
  }),
  refusals: ["invalid_request"],
  async handle({ namespace, query: all, now }) {
    const { status, cursor, limit = 100, type, capability, tag, prefix = "" } = all;
    const after = cursor === undefined ? "" : cursorWithin(prefix, cursor);
    const query = { type, capability, tag, statuses: status, prefix, after, limit };
    const reads = namespace.recent.readsFor(allowed(all), now);
    const { agents, next, lapsed, examined } = await listAgents(reads, query, now);
    const next_cursor = next === null ? null : encodeCursor(next);
    const counts = { count: agents.length, next_cursor, ...lapsingShown(lapsed, examined) };
    return {
      status: 200,
      headers: ageHeader(all, reads, now),
      body: { agents, ...counts, ...staleShown(reads) },
    };
  },
});

/** The id in a cursor of a list of one prefix. @throws {Problem} `invalid_request` */
function cursorWithin(prefix: string, cursor: string): string {
  const id = orThrow(decodeCursor(cursor));
  if (!id.startsWith(prefix)) throw invalid([{ pointer: "/cursor", detail: "is of another prefix" }]);
  return id;
}

const get = endpoint({
  method: "GET",
  path: "/v1/agents/:id",
  params: { id: entryId },
  operationId: "getAgent",
  group: "agents",
  scope: "read",
  refusals: ["invalid_request", "agent_not_found"],
  async handle({ namespace, params, now }) {
    const { entry, documentDigest } = orThrow(await readAgent(namespace, params.id, now));
    const record = agentRecord(entry, now);
    const etag = recordEtag(documentDigest, record);
    return { status: 200, ...(etag !== undefined && { etag }), body: record };
  },
});

const removal = endpoint({
  method: "DELETE",
  path: "/v1/agents/:id",
  params: { id: entryId },
  operationId: "unregisterAgent",
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  refusals: ["invalid_request", "lease_token_required", "agent_not_found", "lease_lost"],
  async handle({ namespace, asker, params, token, now }) {
    orThrow(await unregister(namespace, asker, { id: params.id, token, ownerSuffices: false }, now));
    return { status: 204 };
  },
});

const removalOfAll = endpoint({
  method: "DELETE",
  path: "/v1/agents",
  operationId: "unregisterAgents",
  group: "agents",
  scope: "admin",
  query: z.strictObject({
    prefix: entryId,
    dry_run: z.enum(["true", "false"]).default("true"),
    cursor: z.string().optional(),
  }),
  refusals: ["invalid_request"],
  async handle({ namespace, asker, query: { prefix, dry_run, cursor }, now }) {
    const after = cursor === undefined ? undefined : cursorWithin(prefix, cursor);
    const dryRun = dry_run === "true";
    const { ids, failed, next } = await unregisterAll(namespace, asker, { prefix, after, dryRun }, now);
    const next_cursor = next === null ? null : encodeCursor(next);
    const refused = failed.map(({ id, problem }) => ({ id, ...itemProblem(problem) }));
    return { status: 200, body: { dry_run: dryRun, ids, count: ids.length, failed: refused, next_cursor } };
  },
});

export const agentEndpoints = [list, get, removal, removalOfAll];
