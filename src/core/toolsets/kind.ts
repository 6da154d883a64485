import type { KindRules } from "../kind.ts";
import { Problem } from "../problem.ts";
import type { Tool } from "./tool.ts";

export const toolsetNotFound = (name: string): Problem =>
  new Problem("toolset_not_found", `toolset "${name}" not found`);

const TAG = "toolset_tag:";

/** The term that finds the toolsets under a tag. */
export const tagTerm = (tag: string): string => TAG + tag;

const MCP_NAME = "mcp_name:";

/** The term that finds the toolset of a tool by its `mcp_name`. */
export const mcpNameTerm = (name: string): string => MCP_NAME + name;

const mcpNamesOf = (tools: readonly Tool[]): string[] =>
  tools.flatMap(({ mcp_name }) => (mcp_name === undefined ? [] : [mcp_name]));

export const TOOLSET: KindRules<"toolset"> = {
  terms: ({ tags, tools }) => [
    "toolset",
    ...new Set(tags.map(tagTerm)),
    ...new Set(mcpNamesOf(tools).map(mcpNameTerm)),
  ],
  hasTerm: ({ tags, tools }, term) =>
    (term.startsWith(TAG) && tags.includes(term.slice(TAG.length))) ||
    (term.startsWith(MCP_NAME) && mcpNamesOf(tools).includes(term.slice(MCP_NAME.length))),
  ownsTerm: (term) => term === "toolset" || term.startsWith(TAG) || term.startsWith(MCP_NAME),
  isSound: ({ description, tags, tools }) =>
    typeof description === "string" && Array.isArray(tags) && Array.isArray(tools),
  isLease: ({ lastPongAt }) => typeof lastPongAt === "number" || lastPongAt === null,
  notFound: toolsetNotFound,
};
