import {
  type Criteria,
  type DiscoveryResult,
  EXACT_MAX,
  EXHAUSTIVE_MAX,
  queryTerms,
  reportsWanted,
  sampleSize,
  SECOND_LOOK_MAX,
  select,
  selectResorts,
} from "../../core/agents/discovery.ts";
import type { Entry } from "../../core/entry.ts";
import { Problem } from "../../core/problem.ts";
import type { Draw } from "../../store/store.ts";
import type { AgentSearch } from "../recent-reads.ts";
import { walk } from "../../store/walk.ts";

/** Requires the type, every capability and every tag, and the criteria. `DISCOVERY_DEFAULTS` (core) has the defaults. */
export interface DiscoveryQuery extends Criteria {
  type?: string | undefined;
  capability: readonly string[];
  tag: readonly string[];
  /** Examine all candidates, up to `EXACT_MAX`, instead of a sample. */
  exact: boolean;
  /** Where nobody passes, answer with agents that are unreachable, or have lapsed, instead. */
  failOpen: boolean;
  /** Say of each candidate why it was left out: none is by its lease alone. */
  explained: boolean;
}

export interface Discovered extends DiscoveryResult {
  /** How many candidates were looked at. */
  examined: number;
  /** Whether they are a part of all candidates, drawn at random. */
  sampled: boolean;
  /** Live candidates; of a sample, an upper bound of all candidates, lapsed ones included. */
  matches: number;
  /** Nobody passed: the agents are unreachable ones, and lapsed ones. */
  failedOpen: boolean;
}

/**
 * The agents that can do this now, least loaded first. Examines every candidate where there are at most `EXHAUSTIVE_MAX`, else a sample,
 * and up to `SECOND_LOOK_MAX` more where fewer than `limit` of it pass: of those, whom the lease rules out is only counted. At most two round trips, unless one answer of the
 * store cannot carry the documents or `exact` is asked for.
 *
 * @returns or the Problem `too_many_candidates`, only for `exact`
 * @throws {Problem} `store_unavailable`
 */
export async function discover(
  { store }: { store: AgentSearch },
  query: DiscoveryQuery,
  now: number,
): Promise<Discovered | Problem> {
  const terms = queryTerms(query);
  const examined = query.exact
    ? await examineAll(store, terms, query, now)
    : await examineSample(store, terms, query, now);
  if (examined instanceof Problem) return examined;
  const { entries, sampled, total, found } = examined;
  const resorts =
    query.failOpen && found.passed === 0 ? selectResorts(entries, found, query, now) : undefined;
  const failedOpen = resorts !== undefined && resorts.passed > 0;
  return {
    ...(failedOpen ? resorts : found),
    examined: examined.examined,
    sampled,
    matches: sampled ? total : found.live,
    failedOpen,
  };
}

interface Examined {
  entries: Entry[];
  /** How many there were, with those of whom the lease alone was looked at. */
  examined: number;
  sampled: boolean;
  /** How many candidates there are; of a sample, an upper bound. */
  total: number;
  found: DiscoveryResult;
}

async function examineSample(
  store: AgentSearch,
  terms: readonly string[],
  query: DiscoveryQuery,
  now: number,
): Promise<Examined> {
  const { limit } = query;
  const size = sampleSize(limit);
  let draw = await store.sample({ kind: "agent", terms, exhaustive: EXHAUSTIVE_MAX, size, near: true }, now);
  let { entries } = draw;
  let found = select(entries, query, now);
  let leftOut = { live: 0, lapsed: 0 };
  const { total } = draw;
  const sampled = total > EXHAUSTIVE_MAX;
  let examinedMax = sampled ? Math.min(total, size + SECOND_LOOK_MAX) : total;
  // What was drawn is always examined, even where enough have passed: without the unread ones the draw would not be fair.
  while (draw.unread > 0 || (entries.length < examinedMax && found.passed < limit)) {
    const wanted = found.passed < limit ? Math.max(0, examinedMax - entries.length - draw.unread) : 0;
    const isSecondLook = sampled && wanted > 0 && !query.explained;
    draw = await (isSecondLook ? lookAgain(draw, wanted, query) : draw.more(wanted));
    entries = [...entries, ...draw.entries];
    found = select(entries, query, now);
    leftOut = draw.leftOut ?? leftOut;
    // Those that were left out would be drawn again.
    if (isSecondLook || (draw.entries.length === 0 && draw.unread === 0)) examinedMax = 0;
  }
  const { live, lapsed } = leftOut;
  found = { ...found, live: found.live + live, lapsed: found.lapsed + lapsed };
  return { entries, examined: entries.length + live + lapsed, sampled, total, found };
}

/**
 * Everybody else's requests wait while the store reads, so only those are read that may pass, and not many of them, unless many
 * are asked for.
 */
function lookAgain(draw: Draw, size: number, query: DiscoveryQuery): Promise<Draw> {
  const entriesMax = query.limit > EXHAUSTIVE_MAX ? size : EXHAUSTIVE_MAX;
  // Who may do as a last resort may have reported anything, or nothing.
  const statuses = query.failOpen ? undefined : reportsWanted(query);
  return statuses ? draw.more(size, { statuses, entriesMax }) : draw.more(Math.min(size, entriesMax));
}

async function examineAll(
  store: AgentSearch,
  terms: readonly string[],
  criteria: Criteria,
  now: number,
): Promise<Examined | Problem> {
  const entries: Entry[] = [];
  for await (const page of walk(store, "agent", terms, now)) {
    for (const entry of page) entries.push(entry);
    if (entries.length > EXACT_MAX) {
      return new Problem(
        "too_many_candidates",
        `More than ${EXACT_MAX} agents match. Narrow the query, or leave exact out and take a sample.`,
      );
    }
  }
  const { length } = entries;
  return { entries, examined: length, sampled: false, total: length, found: select(entries, criteria, now) };
}
