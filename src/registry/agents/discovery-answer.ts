import type { Namespace } from "../namespace.ts";
import type { Reads } from "../recent-reads.ts";
import { lapsingShown } from "../../core/agents/lapsing.ts";
import { isoTime } from "../../core/time.ts";
import type { Discovered, DiscoveryQuery } from "./discover.ts";

/**
 * What is answered to a discovery, whatever face was asked.
 *
 * @param reads  what it was found by
 * @param now  when it was asked
 */
export const discoveryAnswer = (
  { clock, store }: Namespace,
  query: DiscoveryQuery,
  found: Discovered,
  reads: Reads,
  now: number,
) => ({
  agents: found.agents,
  query: {
    capability: [...query.capability],
    type: query.type ?? null,
    tag: [...query.tag],
    status: [...query.statuses],
    min_health_score: query.minHealthScore,
    max_load_ratio: query.maxLoadRatio,
    sort: query.sort,
    limit: query.limit,
    exact: query.exact,
    fail_open: query.failOpen,
  },
  total_matches: found.matches,
  filtered_count: found.passed,
  examined: found.examined,
  ...lapsingShown(found.lapsed, found.examined),
  ...(found.failedOpen && { fail_open: true as const }),
  sampled: found.sampled,
  query_time_ms: clock() - now,
  source: store.backend,
  as_of: isoTime(reads.asOf()),
  ...(reads.isStale() && { stale: true as const }),
  ...(query.explained && { excluded: found.explain() }),
});
