import * as z from "zod";
import { effectiveStatus } from "../../../core/agents/agent.ts";
import { DISCOVERY_DEFAULTS, LIMIT_MAX, QUERY_TERMS_MAX } from "../../../core/agents/discovery.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { discover } from "../../../registry/agents/discover.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { lapsingShown } from "./lapsing.ts";

const discovery = endpoint({
  method: "GET",
  path: "/v1/discover",
  operationId: "discover",
  summary: "Who can do this, now? Least loaded first",
  group: "discovery",
  scope: "read",
  query: z.strictObject({
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    type: z.string().optional(),
    tag: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    status: z.array(effectiveStatus).default([...DISCOVERY_DEFAULTS.statuses]),
    min_health_score: param.number(0, 1).default(DISCOVERY_DEFAULTS.minHealthScore),
    max_load_ratio: param.number(0, 1_000_000).default(DISCOVERY_DEFAULTS.maxLoadRatio),
    limit: param.integer(1, LIMIT_MAX).default(DISCOVERY_DEFAULTS.limit),
    exact: param.flag(),
    fail_open: param.flag(),
    explain: param.flag(),
  }),
  answers: {
    200: { description: "Those who can, best first; nobody is an empty list", body: shapes.discovered },
  },
  refusals: ["invalid_request", "too_many_candidates"],
  async handle({ namespace, query, now }) {
    const statuses = [...new Set(query.status)];
    const { min_health_score: minHealthScore, max_load_ratio: maxLoadRatio, limit } = query;
    const exact = query.exact === "true";
    const failOpen = query.fail_open === "true";
    const found = orThrow(
      await discover(namespace, { ...query, statuses, minHealthScore, maxLoadRatio, exact, failOpen }, now),
    );
    return {
      status: 200,
      body: {
        agents: found.agents,
        query: {
          capability: query.capability,
          type: query.type ?? null,
          tag: query.tag,
          status: statuses,
          min_health_score: minHealthScore,
          max_load_ratio: maxLoadRatio,
          limit,
          exact,
          fail_open: failOpen,
        },
        total_matches: found.matches,
        filtered_count: found.passed,
        examined: found.examined,
        ...lapsingShown(found.lapsed, found.examined),
        ...(found.failedOpen && { fail_open: true as const }),
        sampled: found.sampled,
        query_time_ms: namespace.clock() - now,
        source: namespace.store.backend,
        as_of: isoTime(now),
        ...(query.explain === "true" && { excluded: found.explain() }),
      },
    };
  },
});

export const discoverEndpoints = [discovery];
