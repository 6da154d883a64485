import * as z from "zod";
import { wantedStatus } from "../../../core/agents/agent.ts";
import {
  DISCOVERY_DEFAULTS,
  DISCOVERY_SORTS,
  LIMIT_MAX,
  QUERY_TERMS_MAX,
} from "../../../core/agents/discovery.ts";
import { orThrow } from "../../../core/problem.ts";
import { discover } from "../../../registry/agents/discover.ts";
import { discoveryAnswer } from "../../../registry/agents/discovery-answer.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { ageHeader, allowance, allowed } from "../../frame/freshness.ts";
import { param } from "../../frame/query.ts";

const discovery = endpoint({
  method: "GET",
  path: "/v1/discover",
  operationId: "discover",
  group: "discovery",
  scope: "read",
  query: z.strictObject({
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    type: z.string().optional(),
    tag: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    status: z.array(wantedStatus).default([...DISCOVERY_DEFAULTS.statuses]),
    min_health_score: param.number(0, 1).default(DISCOVERY_DEFAULTS.minHealthScore),
    max_load_ratio: param.number(0, 1_000_000).default(DISCOVERY_DEFAULTS.maxLoadRatio),
    sort: z.enum(DISCOVERY_SORTS).default(DISCOVERY_DEFAULTS.sort),
    limit: param.integer(1, LIMIT_MAX).default(DISCOVERY_DEFAULTS.limit),
    exact: param.flag(),
    fail_open: param.flag(),
    explain: param.flag(),
    ...allowance,
  }),
  refusals: ["invalid_request", "too_many_candidates"],
  async handle({ namespace, query, now }) {
    const statuses = [...new Set(query.status)];
    const { min_health_score: minHealthScore, max_load_ratio: maxLoadRatio } = query;
    const exact = query.exact === "true";
    const failOpen = query.fail_open === "true";
    const explained = query.explain === "true";
    const asked = { ...query, statuses, minHealthScore, maxLoadRatio, exact, failOpen, explained };
    const reads = namespace.recent.readsFor(allowed(query), now);
    const found = orThrow(await discover(reads, asked, now));
    const body = discoveryAnswer(namespace, asked, found, reads, now);
    // Another draw is another answer: no entity tag would be met again.
    const caching = found.sampled ? { "Cache-Control": "no-store" } : {};
    return { status: 200, headers: { ...ageHeader(query, reads, now), ...caching }, body };
  },
});

export const discoverEndpoints = [discovery];
