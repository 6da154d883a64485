import { EXACT_MAX, queryTerms } from "../../core/agents/discovery.ts";
import { isLive, type LiveEntry } from "../../core/entry.ts";
import { walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";

export interface Survey {
  /** Live agents in id order. */
  agents: LiveEntry[];
  /** How many that were come upon have lapsed. */
  lapsed: number;
  /** There are more than `EXACT_MAX` agents: these are the first that have the type and the capability. */
  partial: boolean;
}

/** Every live agent, while there are at most `EXACT_MAX`; of a larger fleet the first that have a type and a capability. */
export async function surveyAgents(
  { store }: Namespace,
  { type, capability }: { type: string | undefined; capability: string | undefined },
  now: number,
): Promise<Survey> {
  const partial = (await store.count("agent")) > EXACT_MAX;
  const terms = partial
    ? queryTerms({ type, capability: capability === undefined ? [] : [capability], tag: [] })
    : ["agent"];
  const agents: LiveEntry[] = [];
  let [examined, lapsed] = [0, 0];
  for await (const page of walk(store, "agent", terms, now)) {
    const rest = page.slice(0, EXACT_MAX - examined);
    for (const entry of rest) {
      if (isLive(entry)) agents.push(entry);
      else lapsed += 1;
    }
    examined += rest.length;
    if (examined === EXACT_MAX) break;
  }
  return { agents, lapsed, partial };
}
