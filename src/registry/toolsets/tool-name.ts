import type { Entry } from "../../core/entry.ts";
import { mcpNameTerm } from "../../core/toolsets/kind.ts";
import type { Tool } from "../../core/toolsets/tool.ts";
import { sha256, toHex } from "../digest.ts";
import type { Namespace } from "../namespace.ts";
import { readOne } from "../read.ts";

/**
 * Names of tools where those of all toolsets stand in one list. Models and their clients take 60 of A-Z a-z 0-9 _ -, so a
 * tool is `<toolset>__<tool>` where that is one of them and can be told apart again, else it has a hash for its end. No name
 * is both: what looks like a hashed one is hashed.
 */
const SEPARATOR = "__";
const SOUND = /^[A-Za-z0-9_-]{1,60}$/;
const HASHED = /_[0-9a-f]{10}$/;
const HEAD_CHARS = 49;
const HASH_BYTES = 5;
/** More than one, because a stale member of the index may come first. */
const EXAMINED_MAX = 20;

/** Whether the tool's name is `<toolset>__<tool>`, which splits at the first separator. */
export function isPlain(toolset: string, tool: string): boolean {
  const name = toolset + SEPARATOR + tool;
  return SOUND.test(name) && !HASHED.test(name) && name.indexOf(SEPARATOR) === toolset.length;
}

/** The name of a tool that is not plain. */
export async function hashedName(toolset: string, tool: string): Promise<string> {
  const head = (toolset + SEPARATOR + tool).replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, HEAD_CHARS);
  const hash = toHex((await sha256(`${toolset}\0${tool}`)).subarray(0, HASH_BYTES));
  return `${head}_${hash}`;
}

/** A tool's name among those of all toolsets. */
export const nameOf = (toolset: string, { name, mcp_name }: Tool): string =>
  mcp_name ?? toolset + SEPARATOR + name;

export interface FoundTool {
  entry: Entry<"toolset">;
  tool: Tool;
}

/** The tool of this name among those of all toolsets, in one round trip; undefined if there is none. */
export async function findTool(
  namespace: Namespace,
  name: string,
  now: number,
): Promise<FoundTool | undefined> {
  if (!SOUND.test(name)) return undefined;
  const { store } = namespace;
  let entries: Entry<"toolset">[];
  if (HASHED.test(name)) {
    const query = { kind: "toolset", terms: [mcpNameTerm(name)], after: "", limit: EXAMINED_MAX } as const;
    ({ entries } = await store.page(query, now));
  } else {
    const id = name.slice(0, Math.max(0, name.indexOf(SEPARATOR)));
    const entry = await readOne(store, { kind: "toolset", id }, now);
    entries = entry ? [entry] : [];
  }
  for (const entry of entries) {
    const { id, tools } = entry.document.registration;
    const tool = tools.find((each) => nameOf(id, each) === name);
    if (tool) return { entry, tool };
  }
  return undefined;
}
