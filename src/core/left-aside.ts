import * as z from "zod";

/** What is computed of an agent, or noted by the registry: GET shows it, and a registration that has it says nothing by it. */
export const AGENT_READ_ONLY = [
  "effective_status",
  "status_reason",
  "load_ratio",
  "last_seen",
  "age_ms",
  "expires_at",
  "registered_at",
  "region",
  "owner",
  "source",
] as const;

/** The same of a toolset. */
export const TOOLSET_READ_ONLY = ["tool_count", "registered_at", "owner", "health"] as const;

/** The schema of what GET shows of an entry: fields of these names are left aside, other unknown ones refused as before. */
export const leavingAside = <S extends z.ZodType>(names: readonly string[], schema: S) =>
  z.preprocess((value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
  }, schema);
