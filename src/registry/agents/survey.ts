import { EXACT_MAX, queryTerms } from "../../core/agents/discovery.ts";
import { type Entry, isLive, type LiveEntry } from "../../core/entry.ts";
import type { Store } from "../../store/store.ts";
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
  const { entries, isCut } = await firstAgents(store, terms, now);
  const agents = entries.filter(isLive);
  return { agents, lapsed: entries.length - agents.length, partial: isLarge || isCut };
}

/**
 * The first `EXACT_MAX` agents under all of `terms`, in id order, lapsed ones included.
 *
 * @returns `isCut`: they are fewer, because they have more than 300,000 characters of names
 */
export async function firstAgents(
  store: Store,
  terms: readonly string[],
  now: number,
): Promise<{ entries: Entry[]; isCut: boolean }> {
  const entries: Entry[] = [];
  let nameChars = 0;
  for await (const page of walk(store, "agent", terms, now, SMALL)) {
    // Asked before a page is looked at: there is more than what was enough.
    if (nameChars > NAME_CHARS_MAX) return { entries, isCut: true };
    for (const entry of page.slice(0, EXACT_MAX - entries.length)) {
      const { capabilities, tags } = entry.document.registration;
      for (const { name } of capabilities) nameChars += name.length;
      for (const tag of tags) nameChars += tag.length;
      entries.push(entry);
    }
    if (entries.length === EXACT_MAX) break;
  }
  return { entries, isCut: false };
}
