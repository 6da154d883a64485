import { Problem } from "../core/problem.ts";
import type { Entry } from "../core/entry.ts";
import { toolsetHealth } from "../core/toolsets/health.ts";
import { allowsObjects, type Tool } from "../core/toolsets/tool.ts";
import { walkToolsets } from "../registry/toolsets/catalogue.ts";
import { readToolset } from "../registry/toolsets/read.ts";
import { findTool, type FoundTool, nameOf } from "../registry/toolsets/tool-name.ts";
import type { ToolsetOutline } from "../registry/toolsets/outlines.ts";
import { hasScope } from "../core/authority.ts";
import type { Face } from "./face.ts";

/**
 * A toolset is listed this long after its last pong, healthy or not: clients keep a list for hours, and a tool that comes and
 * goes with each deploy of its provider would be missing from most of them.
 */
const LISTED_MS = 900_000;

/** The longest name that clients take where a toolset stands for itself. */
const OWN_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** A tool's name on this face. */
export const nameOn = ({ toolset }: Face, id: string, tool: Tool): string =>
  toolset !== null && OWN_NAME.test(tool.name) ? tool.name : nameOf(id, tool);

/** A tool with its toolset, and its place in it. */
export interface OfferedTool extends FoundTool {
  index: number;
}

/** Where a list goes on: with this tool of the toolset. */
export interface ListPosition {
  toolset: string;
  index: number;
}

/**
 * The tools of a face, in order of their toolsets' names, from `start` on.
 *
 * @throws {Problem} `toolset_not_found`, `store_unavailable`
 */
export async function* toolsOn(
  face: Face,
  start: ListPosition | undefined,
  now: number,
): AsyncGenerator<OfferedTool> {
  for await (const page of toolsetsOn(face, start, now)) {
    for (const entry of page) {
      const { id, tags, tools } = entry.document.registration;
      if (!hasTags(face, tags)) continue;
      const first = start?.toolset === id ? start.index : 0;
      for (let index = first; index < tools.length; index += 1) yield { entry, tool: tools[index]!, index };
    }
  }
}

async function* toolsetsOn(
  { namespace, toolset, tags }: Face,
  start: ListPosition | undefined,
  now: number,
): AsyncGenerator<Entry<"toolset">[]> {
  if (toolset !== null) {
    const entry = await readToolset(namespace, toolset, now);
    if (entry instanceof Problem) throw entry;
    yield [entry];
    return;
  }
  if (start) {
    const entry = await readToolset(namespace, start.toolset, now);
    if (!(entry instanceof Problem)) yield [entry];
  }
  yield* walkToolsets(namespace, tags, start?.toolset ?? "", now);
}

/** Whether a list has the tool: it can be called over MCP, and its toolset was heard lately or, if so wished, is healthy. */
export const isListed = (face: Face, { entry, tool }: FoundTool, now: number): boolean =>
  allowsObjects(tool.payload_schema) && isHeard(face, entry, now);

function isHeard(
  { namespace, healthyOnly }: Face,
  entry: Pick<Entry<"toolset">, "lease">,
  now: number,
): boolean {
  const { healthy, age_ms } = toolsetHealth(entry, namespace.ping, now);
  return healthyOnly ? healthy : age_ms !== null && age_ms <= LISTED_MS;
}

/** Whether a list has tools of toolsets at all: a key that may not call a tool does not see it. */
export const listsToolsets = ({ asker, findOnly }: Face): boolean => !findOnly && hasScope(asker, "write");

/** What changes with a face's list, and only with it: not by a pong. Up to 5 s old. */
export async function outlineOn(face: Face): Promise<string> {
  if (!listsToolsets(face)) return "";
  const { at, toolsets } = await face.namespace.outlines();
  const isShown = (outline: ToolsetOutline): boolean =>
    (face.toolset ?? outline.id) === outline.id && hasTags(face, outline.tags) && isHeard(face, outline, at);
  return toolsets
    .filter(isShown)
    .map(({ id, tools }) => `${id} ${tools}`)
    .join("\n");
}

const hasTags = ({ tags }: Face, given: readonly string[]): boolean =>
  tags.every((tag) => given.includes(tag));

/**
 * The tool that a face calls so, whether it is listed now or not; undefined if there is none. One round trip.
 *
 * @throws {Problem} as of `toolsOn`
 */
export async function toolOn(face: Face, name: string, now: number): Promise<FoundTool | undefined> {
  const { namespace, toolset } = face;
  const found =
    toolset === null ? await findTool(namespace, name, now) : await ownTool(face, toolset, name, now);
  return found &&
    hasTags(face, found.entry.document.registration.tags) &&
    allowsObjects(found.tool.payload_schema)
    ? found
    : undefined;
}

async function ownTool(
  face: Face,
  toolset: string,
  name: string,
  now: number,
): Promise<FoundTool | undefined> {
  const entry = await readToolset(face.namespace, toolset, now);
  if (entry instanceof Problem) throw entry;
  const tool = entry.document.registration.tools.find((each) => nameOn(face, toolset, each) === name);
  return tool && { entry, tool };
}
