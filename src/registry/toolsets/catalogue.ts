import { searchToolsets, type ToolsetInfo, toolsetInfo } from "../../core/toolsets/catalogue.ts";
import { tagTerm } from "../../core/toolsets/kind.ts";
import type { Entry } from "../../core/entry.ts";
import { LARGE, walk } from "../../store/walk.ts";
import type { Namespace } from "../namespace.ts";

const LISTED_MAX = 1000;

/** At most 1,000 toolsets. */
export interface ToolsetList {
  toolsets: ToolsetInfo[];
  /** There are more. */
  truncated: boolean;
}

/** Toolsets in order of name that have all of `tags`, and of those only the healthy ones if so wished. */
export async function listToolsets(
  namespace: Namespace,
  { tags, healthyOnly }: { tags: readonly string[]; healthyOnly: boolean },
  now: number,
): Promise<ToolsetList> {
  const terms = [...new Set(tags.map(tagTerm))];
  return listed(await infosOf(namespace, terms.length > 0 ? terms : ["toolset"], now), healthyOnly);
}

/** Toolsets with `text` in their name, description or a tag, whatever the case; hits in the name first, in a tag last. */
export async function findToolsets(
  namespace: Namespace,
  { text, healthyOnly }: { text: string; healthyOnly: boolean },
  now: number,
): Promise<ToolsetList> {
  return listed(searchToolsets(await infosOf(namespace, ["toolset"], now), text), healthyOnly);
}

function listed(toolsets: ToolsetInfo[], healthyOnly: boolean): ToolsetList {
  const wanted = healthyOnly ? toolsets.filter(({ health }) => health.healthy) : toolsets;
  return { toolsets: wanted.slice(0, LISTED_MAX), truncated: wanted.length > LISTED_MAX };
}

/** Toolsets in order of name that have all of `tags`, page by page, those after `start` ("": from the beginning). */
export async function* walkToolsets(
  { store }: Namespace,
  tags: readonly string[],
  start: string,
  now: number,
): AsyncGenerator<Entry<"toolset">[]> {
  const terms = ["toolset", ...new Set(tags.map(tagTerm))];
  yield* walk(store, "toolset", terms, now, undefined, start);
}

/** Drops the tools after each page: those of all toolsets at once may be more than memory holds. */
async function infosOf(
  { store, ping }: Namespace,
  terms: readonly string[],
  now: number,
): Promise<ToolsetInfo[]> {
  const infos: ToolsetInfo[] = [];
  for await (const page of walk(store, "toolset", terms, now, { ...LARGE, near: true })) {
    for (const entry of page) infos.push(toolsetInfo(entry, ping, now));
  }
  return infos;
}
