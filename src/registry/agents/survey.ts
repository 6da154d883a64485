import { EXACT_MAX } from "../../core/agents/discovery.ts";
import type { Entry } from "../../core/entry.ts";
import type { Store } from "../../store/store.ts";
import { SMALL, walk } from "../../store/walk.ts";

/** What is looked at has capabilities and tags of at most so many characters, and what one page of the last entries has beside. */
const NAME_CHARS_MAX = 300_000;

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
