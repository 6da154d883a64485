import * as z from "zod";
import { check } from "../check.ts";
import { leavingAside, TOOLSET_READ_ONLY } from "../left-aside.ts";
import { entryId } from "../names.ts";
import { invalid, Problem } from "../problem.ts";
import { tags, type Tool, type ToolInput, toolInput } from "./tool.ts";

const TOOLS_MAX = 200;

const fields = {
  name: entryId
    .refine((name) => name !== "search", "is taken: it is a route's")
    .refine((name) => name !== "rollcall", "is taken: it is that of Rollcall's own tools over MCP"),
  description: z.string().max(4096).default(""),
  version: z
    .string()
    .max(64)
    .regex(/^v?\d+\.\d+\.\d+(-[a-zA-Z0-9.]+)?$/, "must be a semantic version")
    .default("1.0.0"),
  tags,
};

const REPEATED = "is the name of two tools";

/** What `POST /v1/toolsets` takes (source 3's Register). */
export const toolsetInput = z.strictObject({
  ...fields,
  tools: z
    .array(toolInput)
    .min(1)
    .max(TOOLS_MAX)
    .superRefine((list, context) => {
      for (const index of repeated(list.map(({ name }) => name))) {
        context.addIssue({ code: "custom", path: [index, "name"], message: REPEATED });
      }
    }),
});
export type ToolsetInput = z.output<typeof toolsetInput>;

/** A registration, or what GET shows of a toolset. */
export const shownOrToolset = leavingAside(TOOLSET_READ_ONLY, toolsetInput);

const withUncheckedTools = leavingAside(
  TOOLSET_READ_ONLY,
  z.strictObject({ ...fields, tools: z.array(z.unknown()).min(1).max(TOOLS_MAX) }),
);

/** Why a tool is not registered. Pointers begin at the tool. */
export interface RefusedTool {
  /** Null if it has none that is a string. */
  name: string | null;
  problem: Problem;
}

/** A toolset whose tools are each sound or refused. */
export type PartialToolset = Omit<ToolsetInput, "tools"> & { tools: (ToolInput | RefusedTool)[] };

/** Checks a toolset, and each of its tools by itself. */
export function checkPartially(value: unknown): PartialToolset | Problem {
  const toolset = check(withUncheckedTools, value);
  if (toolset instanceof Problem) return toolset;
  const tools = toolset.tools.map((tool): ToolInput | RefusedTool => {
    const checked = check(toolInput, tool);
    return checked instanceof Problem ? { name: nameIn(tool), problem: checked } : checked;
  });
  const names = tools.map((tool) => ("problem" in tool ? undefined : tool.name));
  for (const index of repeated(names)) {
    tools[index] = { name: names[index]!, problem: invalid([{ pointer: "/name", detail: REPEATED }]) };
  }
  return { ...toolset, tools };
}

const nameIn = (tool: unknown): string | null => {
  const named = z.object({ name: z.string() }).safeParse(tool);
  return named.success ? named.data.name : null;
};

/** The places of names that came before; undefined repeats nothing. */
function repeated(names: readonly (string | undefined)[]): number[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (name === undefined) return [];
    if (seen.has(name)) return [index];
    seen.add(name);
    return [];
  });
}

/** A toolset as it is kept; its name is its id. */
export interface ToolsetRegistration {
  id: string;
  description: string;
  version: string;
  tags: string[];
  tools: Tool[];
}

/** A toolset's lease, which each pong writes anew. It has no end, and is removed with its registration. */
export interface ToolsetPulse {
  /** ms since the Unix epoch; null before the first pong */
  lastPongAt: number | null;
  expiresAt: null;
}
