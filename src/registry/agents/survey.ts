import { EXACT_MAX, queryTerms } from "../../core/agents/discovery.ts";
import { isLive, type LiveEntry } from "../../core/entry.ts";
import { SMALL, walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";

/** What is looked at has capabilities and tags of at most so many characters, and what one page of the last entries has beside. */
const NAME_CHARS_MAX = 300_000;

export interface Survey {
  /** Live agents in id order. */
  agents: LiveEntry[];
  /** How many that were come upon have lapsed. */
  lapsed: number;
  /** There are more than `EXACT_MAX` agents, or they have very many names: these are the first that have the type and the capability. */
  partial: boolean;
}

/**
 * Every live agent, while there are at most `EXACT_MAX`; of a larger fleet the first that have a type and a capability. Fewer
 * where their capabilities and tags have more than 300,000 characters: a few agents can have very many.
 */
export async function surveyAgents(
  { store }: Namespace,
  { type, capability }: { type: string | undefined; capability: string | undefined },
  now: number,
): Promise<Survey> {
  const isLarge = (await store.count("agent")) > EXACT_MAX;
  const terms = isLarge
    ? queryTerms({ type, capability: capability === undefined ? [] : [capability], tag: [] })
    : ["agent"];
  const agents: LiveEntry[] = [];
  let [examined, lapsed, nameChars] = [0, 0, 0];
  for await (const page of walk(store, "agent", terms, now, SMALL)) {
    // Asked before a page is looked at: there is more than what was enough.
    if (nameChars > NAME_CHARS_MAX) return { agents, lapsed, partial: true };
    const rest = page.slice(0, EXACT_MAX - examined);
    for (const entry of rest) {
      const { capabilities, tags } = entry.document.registration;
      for (const { name } of capabilities) nameChars += name.length;
      for (const tag of tags) nameChars += tag.length;
      if (isLive(entry)) agents.push(entry);
      else lapsed += 1;
    }
    examined += rest.length;
    if (examined === EXACT_MAX) break;
  }
  return { agents, lapsed, partial: isLarge };
}
