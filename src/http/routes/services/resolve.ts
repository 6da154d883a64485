import * as z from "zod";
import { LIMIT_MAX, QUERY_TERMS_MAX } from "../../../core/agents/discovery.ts";
import { entryId, label } from "../../../core/names.ts";
import { invalid, orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { resolutionAnswer } from "../../../registry/services/resolution-answer.ts";
import { listSelections, resolve, SELECTIONS_MAX } from "../../../registry/services/resolve.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { ageHeader, allowance, allowed, staleShown } from "../../frame/freshness.ts";
import { param } from "../../frame/query.ts";

const resolveService = endpoint({
  method: "GET",
  path: "/v1/services/:service/resolve",
  params: { service: label(256) },
  operationId: "resolveService",
  group: "services",
  scope: "read",
  query: z.strictObject({
    handler: z.string().min(1).optional(),
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    exclude: z.array(entryId).max(QUERY_TERMS_MAX).default([]),
    fallback_to_global: z.enum(["true", "false"]).default("true"),
    fail_open: param.flag(),
    limit: param.integer(1, LIMIT_MAX).optional(),
    explain: param.flag(),
    dry_run: param.flag(),
    ...allowance,
  }),
  refusals: ["invalid_request", "service_not_found", "no_provider_available"],
  async handle({ params: { service }, query, asker, namespace, now }) {
    const { handler, capability: capabilities, exclude, limit } = query;
    const fallbackToGlobal = query.fallback_to_global === "true";
    const failOpen = query.fail_open === "true";
    const wanted = { handler, capabilities, exclude, fallbackToGlobal, failOpen, limit: limit ?? 1 };
    const dryRun = query.dry_run === "true";
    if (query.max_stale > 0 && !dryRun)
      throw invalid([
        { pointer: "/max_stale", detail: "only a dry run may be answered without a look at the store" },
      ]);
    const reads = namespace.recent.readsFor(allowed(query), now);
    const input = { service, query: wanted, dryRun, reads };
    const found = orThrow(await resolve(namespace, asker, input, now));
    const shown = { explained: query.explain === "true", listed: limit !== undefined };
    const body = { ...resolutionAnswer(found, shown, now), ...staleShown(reads) };
    return { status: 200, headers: { "Cache-Control": "no-store", ...ageHeader(query, reads, now) }, body };
  },
});

const selections = endpoint({
  method: "GET",
  path: "/v1/services/:service/selections",
  params: { service: label(256) },
  operationId: "listSelections",
  group: "services",
  scope: "read",
  query: z.strictObject({ limit: param.integer(1, SELECTIONS_MAX).optional() }),
  refusals: ["invalid_request"],
  async handle({ params: { service }, query: { limit = SELECTIONS_MAX }, namespace, now }) {
    const kept = await listSelections(namespace, service, limit, now);
    const list = kept.map((selection) => ({
      selection_id: selection.selectionId,
      at: isoTime(selection.at),
      handler: selection.handler,
      capabilities: [...selection.capabilities],
      provider: selection.provider,
      scope: selection.scope,
      priority_group: selection.group,
      circuit_state: selection.circuitState,
      reasons: selection.rejected,
    }));
    return { status: 200, body: { selections: list, count: list.length } };
  },
});

export const resolveEndpoints = [resolveService, selections];
