import { PRIORITIES, type PriorityName } from "../../../core/services/binding.ts";

const DESCRIPTIONS: Record<PriorityName, string> = {
  CRITICAL: "Tried first",
  HIGH: "Tried before the ordinary",
  NORMAL: "The ordinary",
  LOW: "Tried after the ordinary",
  FALLBACK: "The last resort of its group",
};

/** The rules of core/services/choose.ts in words, in the shape of source 1. */
export const SELECTION_LOGIC = {
  service_selection_logic: {
    overview:
      "Offers to the caller's handler come first, then global ones. Groups are tried in ascending order, and the next only when nobody in one can be used.",
    priority_groups: "A lower number is tried first. A group's strategy is that of its first provider.",
    priority_levels: {
      levels: Object.fromEntries(
        Object.entries(PRIORITIES).map(([name, value]) => [
          name,
          { value, description: DESCRIPTIONS[name as PriorityName] },
        ]),
      ),
    },
    selection_strategies: {
      fallback: "The first usable provider, by priority, then id.",
      round_robin: "The next usable provider after the one served last, around the ring of priority and id.",
    },
    circuit_breakers: {
      states: {
        closed: "Calls go through. So many failures in a row open it.",
        open: "No call goes through until the recovery timeout has passed.",
        half_open: "A few probes go through. So many successes close it, one failure opens it.",
      },
    },
    selection_flow: [
      "Take the offers to the caller's handler; if none of them can be used, the global ones.",
      "Take the lowest group; if nobody in it can be used, the next.",
      "Order it by priority and id; under round robin, begin after the one served last.",
      "Pass over who lacks a required capability.",
      "Pass over who is not live, or whose status is not available.",
      "Pass over who failed the last health check.",
      "Pass over whose breaker is open, or half open with all probes out.",
      "Use the first that is left.",
    ],
  },
  example_scenarios: {
    fallback_strategy:
      "Group 0: a CRITICAL primary and a HIGH secondary. The secondary serves while the primary's breaker is open.",
    round_robin_strategy: "Group 0: three NORMAL providers under round robin. Each serves every third call.",
    multi_group_example:
      "Group 0: the primary. Group 1: a pool under round robin. Group 2: a local FALLBACK. The pool serves while the primary cannot, the local one while nobody else can.",
  },
};
