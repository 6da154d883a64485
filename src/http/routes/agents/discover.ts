import * as z from "zod";
import {
  EXACT_MAX,
  EXHAUSTIVE_MAX,
  LIMIT_DEFAULT,
  LIMIT_MAX,
  QUERY_TERMS_MAX,
  queryTerms,
  sampleSize,
  SECOND_LOOK_MAX,
  select,
  type DiscoveryResult,
} from "../../../core/agents/discovery.ts";
import type { Entry } from "../../../core/entry.ts";
import { Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import type { Sample, Store } from "../../../store/store.ts";
import { walk } from "../../../store/walk.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";
import { param } from "../../frame/validate.ts";
import { statusParam } from "./agents.ts";

const discover = endpoint({
  method: "GET",
  path: "/v1/discover",
  operationId: "discover",
  summary: "Who can do this, now? Least loaded first",
  scope: "read",
  query: z.strictObject({
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    type: z.string().optional(),
    tag: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    status: z.array(statusParam).default(["available"]),
    min_health_score: param.number(0, 1).optional(),
    max_load_ratio: param.number(0, 1_000_000).optional(),
    limit: param.integer(1, LIMIT_MAX).optional(),
    exact: param.flag(),
    explain: param.flag(),
  }),
  answers: {
    200: { description: "Those who can, best first; nobody is an empty list", body: shapes.discovered },
  },
  refusals: ["invalid_request", "too_many_candidates"],
  async handle({ query, store, now, clock }) {
    const {
      min_health_score: minHealthScore = 0.7,
      max_load_ratio: maxLoadRatio = 0.8,
      limit = LIMIT_DEFAULT,
    } = query;
    const statuses = [...new Set(query.status)];
    const criteria = { statuses, minHealthScore, maxLoadRatio, limit };
    const terms = queryTerms(query);
    const exact = query.exact === "true";

    const look = (entries: readonly Entry[]) => select(entries, criteria, now);
    const { entries, total, selection } = exact
      ? await all(store, terms, look, now)
      : await some(store, terms, limit, look, now);
    const sampled = !exact && total > EXHAUSTIVE_MAX;
    const { agents, live, passed } = selection;
    return {
      status: 200,
      body: {
        agents,
        query: {
          capability: query.capability,
          type: query.type ?? null,
          tag: query.tag,
          status: statuses,
          min_health_score: minHealthScore,
          max_load_ratio: maxLoadRatio,
          limit,
          exact,
        },
        total_matches: sampled ? total : live,
        filtered_count: passed,
        examined: entries.length,
        sampled,
        query_time_ms: clock() - now,
        source: store.backend,
        as_of: isoTime(now),
        ...(query.explain === "true" && { excluded: selection.explain() }),
      },
    };
  },
});

interface Examined extends Pick<Sample, "entries" | "total"> {
  selection: DiscoveryResult;
}

/**
 * All candidates when they are few; else a sample. A second look is for what the first one deferred, and for more where it
 * held too few that will do.
 */
async function some(
  store: Store,
  terms: readonly string[],
  limit: number,
  look: (entries: readonly Entry[]) => DiscoveryResult,
  now: number,
): Promise<Examined> {
  const { entries, total, ...first } = await store.sample(
    { kind: "agent", terms, exhaustive: EXHAUSTIVE_MAX, size: sampleSize(limit), skip: [] },
    now,
  );
  const examinedMax = Math.min(
    total,
    total > EXHAUSTIVE_MAX ? sampleSize(limit) + SECOND_LOOK_MAX : EXHAUSTIVE_MAX,
  );
  // More than once round only where documents are so large that one reply cannot carry what is to be examined.
  let { deferred } = first;
  let selection = look(entries);
  while (deferred.length > 0 || (entries.length < examinedMax && selection.passed < limit)) {
    const skip = entries.map(({ document }) => document.registration.id);
    const isEnough = selection.passed >= limit;
    const more = await store.sample(
      {
        kind: "agent",
        terms,
        exhaustive: isEnough ? 0 : examinedMax,
        size: isEnough ? 0 : Math.max(0, examinedMax - entries.length - deferred.length),
        skip,
        first: deferred,
      },
      now,
    );
    ({ deferred } = more);
    if (more.entries.length === 0 && deferred.length === 0) break;
    entries.push(...more.entries);
    selection = look(entries);
  }
  return { entries, total, selection };
}

async function all(
  store: Store,
  terms: readonly string[],
  look: (entries: readonly Entry[]) => DiscoveryResult,
  now: number,
): Promise<Examined> {
  const entries: Entry[] = [];
  for await (const page of walk(store, "agent", terms, now)) {
    entries.push(...page);
    if (entries.length > EXACT_MAX) {
      throw new Problem(
        "too_many_candidates",
        `More than ${EXACT_MAX} agents match. Narrow the query, or leave exact out and take a sample.`,
      );
    }
  }
  return { entries, total: entries.length, selection: look(entries) };
}

export const discoverEndpoints = [discover];
