import type { KindRules } from "../kind.ts";
import { Problem } from "../problem.ts";

export const toolsetNotFound = (name: string): Problem =>
  new Problem("toolset_not_found", `toolset "${name}" not found`);

const TAG = "toolset_tag:";

/** The term that finds the toolsets under a tag. */
export const tagTerm = (tag: string): string => TAG + tag;

export const TOOLSET: KindRules<"toolset"> = {
  terms: ({ tags }) => ["toolset", ...new Set(tags.map(tagTerm))],
  hasTerm: ({ tags }, term) => term.startsWith(TAG) && tags.includes(term.slice(TAG.length)),
  ownsTerm: (term) => term === "toolset" || term.startsWith(TAG),
  isSound: ({ description, tags, tools }) =>
    typeof description === "string" && Array.isArray(tags) && Array.isArray(tools),
  isLease: ({ lastPongAt }) => typeof lastPongAt === "number" || lastPongAt === null,
  notFound: toolsetNotFound,
};
