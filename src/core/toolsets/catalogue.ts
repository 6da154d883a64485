import type { Entry } from "../entry.ts";
import { byCodeUnit } from "../order.ts";
import { isoTime } from "../time.ts";
import { type PingTerms, toolsetHealth } from "./health.ts";

/** A toolset without its tools, as lists show it. */
export function toolsetInfo(entry: Entry<"toolset">, ping: PingTerms, now: number) {
  const { registration, registeredAt, owner } = entry.document;
  const { id, tools, ...rest } = registration;
  return {
    name: id,
    ...rest,
    tool_count: tools.length,
    registered_at: isoTime(registeredAt),
    owner,
    health: toolsetHealth(entry, ping, now),
  };
}

export type ToolsetInfo = ReturnType<typeof toolsetInfo>;

/** A toolset with its tools. */
export function toolsetRecord(entry: Entry<"toolset">, ping: PingTerms, now: number) {
  const tools = entry.document.registration.tools.map(
    ({ payload_hash: _p, result_hash: _r, mcp_name: _n, ...shown }) => shown,
  );
  return { ...toolsetInfo(entry, ping, now), tools };
}

/**
 * Toolsets that contain `query` in their name, description or a tag, whatever the case. Those that have it in the name come
 * first, then in the description, then in a tag; each group is in order of name.
 */
export function searchToolsets(toolsets: readonly ToolsetInfo[], query: string): ToolsetInfo[] {
  const wanted = query.toLowerCase();
  const has = (text: string): boolean => text.toLowerCase().includes(wanted);
  return toolsets
    .map((toolset) => ({
      toolset,
      place: [has(toolset.name), has(toolset.description), toolset.tags.some(has)].indexOf(true),
    }))
    .filter(({ place }) => place >= 0)
    .toSorted((a, b) => a.place - b.place || byCodeUnit(a.toolset.name, b.toolset.name))
    .map(({ toolset }) => toolset);
}
