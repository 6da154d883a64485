import * as z from "zod";
import { agent } from "./agents.ts";
import { count, refusedItem, time } from "./common.ts";
import { toolset } from "./toolsets.ts";

const counts = { agents: count, drains: count, overrides: count, toolsets: count };

/** One line of an export. */
export const exportLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("header"),
    rollcall: z.string(),
    format: z.int(),
    namespace: z.string(),
    as_of: time,
  }),
  z.strictObject({ kind: z.literal("agent"), static: z.boolean(), agent }),
  z.strictObject({ kind: z.literal("drain"), agent_id: z.string() }),
  z.strictObject({
    kind: z.literal("override"),
    provider_id: z.string(),
    service: z.string(),
    handler: z.string(),
    priority: z.int(),
    priority_group: z.int(),
    strategy: z.string(),
  }),
  z.strictObject({ kind: z.literal("toolset"), toolset }),
  /** The answer ends here, and the export goes on with this cursor. */
  z.strictObject({ kind: z.literal("cursor"), cursor: z.string() }),
  /** The export ends here: so many there were in all its answers. */
  z.strictObject({ kind: z.literal("end"), ...counts }),
]);

const kinds = z.strictObject(counts);

export const restored = z.strictObject({
  dry_run: z.boolean(),
  restored: kinds,
  /** They were there, and are as they were. */
  kept: kinds,
  /** Agents come back by calling in; drains and overrides can be restored again once their agents are there. */
  waiting: kinds,
  /** By their lines, from 1; null where a line does not say what it is. */
  failed: z.array(
    z.strictObject({
      line: count,
      kind: z.enum(["agent", "drain", "override", "toolset"]).nullable(),
      id: z.string().nullable(),
      status: count,
      ...refusedItem,
    }),
  ),
});
