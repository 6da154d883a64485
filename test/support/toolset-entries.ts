import type { Entry } from "../../src/core/entry.ts";
import { toolOf } from "../../src/core/toolsets/tool.ts";
import { toolsetInput, type ToolsetRegistration } from "../../src/core/toolsets/toolset.ts";
import { pulseAt } from "../../src/core/toolsets/health.ts";
import { decideToolset } from "../../src/core/toolsets/registration.ts";
import { ANYONE } from "./entries.ts";
import { ECHO } from "./toolsets.ts";

/** A toolset's registration with `fields`, as it is kept. */
export function toolsetRegistration(fields: { name: string; [field: string]: unknown }): ToolsetRegistration {
  const { name, tools, ...rest } = toolsetInput.parse({ tools: [ECHO], ...fields });
  return {
    id: name,
    ...rest,
    tools: tools.map((tool) => ({ ...toolOf(tool), payload_hash: "p", result_hash: "r" })),
  };
}

/** What stands in a store once a toolset has registered with `fields` at `now`: decided by the core, kept nowhere. */
export function toolsetEntryOf(
  fields: { name: string; [field: string]: unknown },
  now: number,
  fence = "fence",
): Entry<"toolset"> {
  const request = {
    registration: toolsetRegistration(fields),
    asker: ANYONE,
    region: null,
    issued: { fence, epoch: now, succession: "anew" as const },
  };
  return decideToolset(undefined, request, now).result.entry;
}

export const NOW = Date.UTC(2026, 0, 1);
export const PING = { intervalMs: 10_000, missedMax: 3 };

/** The toolset "tools" of the key "robin", registered at `NOW`. */
export function ownedToolset(fields: Record<string, unknown> = {}, fence = "f1"): Entry<"toolset"> {
  const entry = toolsetEntryOf({ name: "tools", ...fields }, NOW, fence);
  return { ...entry, document: { ...entry.document, owner: "robin" } };
}

/** The same, once its provider has answered a ping. */
export const ponged = (at: number): Entry<"toolset"> => ({ ...ownedToolset(), lease: pulseAt(at) });
