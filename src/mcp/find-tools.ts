import { byCodeUnit } from "../core/order.ts";
import { type PingTerms, toolsetHealth } from "../core/toolsets/health.ts";
import { allowsObjects } from "../core/toolsets/tool.ts";
import type { FoundTool } from "../registry/toolsets/tool-name.ts";
import type { Face } from "./face.ts";
import { nameOn, toolsOn } from "./offered-tools.ts";
import type { Json } from "./protocol.ts";
import { inputSchemaOf } from "./schema-projection.ts";

export interface ToolQuery {
  /** Words; a tool has at least one of them. Empty: every tool is found. */
  query: string;
  limit: number;
  /** Only tools that can be called now. */
  healthy: boolean;
}

interface Hit {
  found: FoundTool;
  name: string;
  score: number;
  healthy: boolean;
}

/** A hit in a name says more of a tool than one in its description, and that more than one in its toolset's words. */
const WEIGHTS = { name: 4, description: 2, toolset: 1 } as const;

/**
 * Tools whose name, description or toolset has a word of the query; most hits first, of those the healthy first, then by name.
 *
 * @throws {Problem} as of `toolsOn`
 */
export async function findTools(
  face: Face,
  { query, limit, healthy }: ToolQuery,
  now: number,
): Promise<Json> {
  const { ping } = face.namespace;
  const words = query
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
  const hits: Hit[] = [];
  for await (const { entry, tool } of toolsOn(face, undefined, now)) {
    const found = { entry, tool };
    const score = scoreOf(found, words);
    const isHealthy = toolsetHealth(entry, ping, now).healthy && allowsObjects(tool.payload_schema);
    if ((score === 0 && words.length > 0) || (healthy && !isHealthy)) continue;
    hits.push({ found, name: nameOn(face, entry.document.registration.id, tool), score, healthy: isHealthy });
  }
  const sorted = hits.toSorted(
    (a, b) => b.score - a.score || Number(b.healthy) - Number(a.healthy) || byCodeUnit(a.name, b.name),
  );
  return {
    tools: sorted.slice(0, limit).map((hit) => shown(hit, ping, now)),
    found: hits.length,
  };
}

function scoreOf({ entry, tool }: FoundTool, words: readonly string[]): number {
  const { id, description, tags } = entry.document.registration;
  const texts = {
    name: `${tool.name} ${tool.mcp?.title ?? ""}`.toLowerCase(),
    description: tool.description.toLowerCase(),
    toolset: [id, description, ...tags, ...tool.tags].join(" ").toLowerCase(),
  };
  let score = 0;
  for (const word of words) {
    for (const place of ["name", "description", "toolset"] as const) {
      if (texts[place].includes(word)) score += WEIGHTS[place];
    }
  }
  return score;
}

function shown({ found: { entry, tool }, name, healthy }: Hit, ping: PingTerms, now: number): Json {
  const { id } = entry.document.registration;
  const { age_ms } = toolsetHealth(entry, ping, now);
  const inputSchema = inputSchemaOf(tool.payload_schema);
  return {
    name,
    toolset: id,
    description: tool.description || `${tool.name} of ${id}`,
    ...(inputSchema && { inputSchema }),
    healthy,
    age_ms,
    ...(!healthy && { why_not: whyNot(inputSchema !== undefined, age_ms) }),
  };
}

function whyNot(isCallable: boolean, ageMs: number | null): string {
  if (!isCallable) return "Its payload schema takes no object, and arguments over MCP are one.";
  return ageMs === null
    ? "No provider of its toolset has answered a ping yet."
    : `No provider of its toolset has answered a ping for ${Math.round(ageMs / 1000)} s.`;
}
