import * as z from "zod";
import { DISCOVERY_DEFAULTS, QUERY_TERMS_MAX } from "../core/agents/discovery.ts";
import { hasScope, type Scope } from "../core/authority.ts";
import { label } from "../core/names.ts";
import { Problem } from "../core/problem.ts";
import { discover } from "../registry/agents/discover.ts";
import { discoveryAnswer } from "../registry/agents/discovery-answer.ts";
import { readsNow } from "../registry/recent-reads.ts";
import { resolutionAnswer } from "../registry/services/resolution-answer.ts";
import { resolve } from "../registry/services/resolve.ts";
import type { Face } from "./face.ts";
import { findTools } from "./find-tools.ts";
import type { Json } from "./protocol.ts";

/** What precedes the name of each of Rollcall's own tools. No toolset is called so. */
const PREFIX = "rollcall__";
const FOUND_MAX = 50;
const AGENTS_MAX = 100;

interface OwnTool {
  description: string;
  scope: Scope;
  input: z.ZodType;
  outputSchema: Json;
  annotations: Json;
  /** @param args  as `input` has parsed them */
  run(this: void, face: Face, args: unknown, now: number): Promise<Json | Problem>;
}

const ownTool = <Input>(
  tool: Omit<OwnTool, "input" | "run"> & {
    input: z.ZodType<Input>;
    run(this: void, face: Face, args: Input, now: number): Promise<Json | Problem>;
  },
): OwnTool => tool;

const READS = { readOnlyHint: true, openWorldHint: false };
const objectWith = (...required: string[]): Json => ({
  type: "object",
  properties: Object.fromEntries(required.map((name) => [name, {}])),
  required,
});
/** One or several. */
const terms = z
  .union([z.string(), z.array(z.string()).max(QUERY_TERMS_MAX)])
  .optional()
  .transform((given = []) => (typeof given === "string" ? [given] : given));

const find_tools = ownTool({
  description:
    "Finds tools by words in their names and descriptions. Gives each tool's name, input schema and whether it can be called now; call it with rollcall__call_tool.",
  scope: "read",
  input: z.strictObject({
    query: z.string().max(1024).default("").describe("Words to look for; empty finds every tool"),
    limit: z.int().min(1).max(FOUND_MAX).default(10),
    healthy: z.boolean().default(false).describe("Only tools that can be called now"),
  }),
  outputSchema: objectWith("tools", "found"),
  annotations: READS,
  run: findTools,
});

const find_agents = ownTool({
  description:
    "Finds live agents that can do something now, the least loaded first, with their endpoints and how they are.",
  scope: "read",
  input: z.strictObject({
    capability: terms.describe("What they can do: one capability, or several that are all needed"),
    type: z.string().optional(),
    tag: terms,
    limit: z.int().min(1).max(AGENTS_MAX).default(10),
  }),
  outputSchema: objectWith("agents", "total_matches"),
  annotations: READS,
  async run({ namespace }, { capability, type, tag, limit }, now) {
    const always = { exact: false, failOpen: false, explained: false };
    const query = { ...DISCOVERY_DEFAULTS, capability, type, tag, limit, ...always };
    const reads = readsNow(namespace.store, now);
    const found = await discover(reads, query, now);
    return found instanceof Problem ? found : discoveryAnswer(namespace, query, found, reads, now);
  },
});

const resolve_service = ownTool({
  description: "Chooses the provider of a service to use now, and says why the others were passed over.",
  scope: "read",
  input: z.strictObject({
    service: label(256),
    handler: z.string().min(1).optional(),
    capability: terms,
  }),
  outputSchema: objectWith("provider", "binding"),
  // It takes a turn of the service's round robin.
  annotations: { ...READS, readOnlyHint: false, destructiveHint: false },
  async run({ namespace, asker }, { service, handler, capability: capabilities }, now) {
    const query = { handler, capabilities, exclude: [], fallbackToGlobal: true, failOpen: false, limit: 1 };
    const found = await resolve(namespace, asker, { service, query, dryRun: false }, now);
    return found instanceof Problem
      ? found
      : resolutionAnswer(found, { explained: true, listed: false }, now);
  },
});

/** Not run here: it is a call of the tool that it names. */
const CALL_TOOL = `${PREFIX}call_tool`;
export const isCallTool = (name: string): boolean => name === CALL_TOOL;
export const callToolInput = z.strictObject({
  name: z.string().describe("As rollcall__find_tools gives it"),
  arguments: z.record(z.string(), z.unknown()).default({}).describe("By the tool's input schema"),
});

const OWN_TOOLS: Readonly<Record<string, OwnTool>> = {
  [`${PREFIX}find_tools`]: find_tools,
  [`${PREFIX}find_agents`]: find_agents,
  [`${PREFIX}resolve_service`]: resolve_service,
};

/** One of Rollcall's own tools that runs here; undefined if there is none of this name. */
export const ownToolOf = (name: string): OwnTool | undefined =>
  Object.hasOwn(OWN_TOOLS, name) ? OWN_TOOLS[name] : undefined;

const inputSchema = (input: z.ZodType): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: "input" });
  return schema;
};

/** Rollcall's own tools as a face lists them. A single toolset has them only where its tools are to be found by them. */
export function ownTools({ asker, toolset, findOnly }: Face): Json[] {
  const isShown = (name: string) =>
    toolset === null || (findOnly && (name === `${PREFIX}find_tools` || name === CALL_TOOL));
  const call = {
    name: CALL_TOOL,
    description: "Calls a tool that rollcall__find_tools has found, and gives its result.",
    inputSchema: inputSchema(callToolInput),
    annotations: { openWorldHint: true },
    scope: "write" as const,
  };
  const others = Object.entries(OWN_TOOLS).map(([name, { input, run: _, ...tool }]) => ({
    name,
    ...tool,
    inputSchema: inputSchema(input),
  }));
  return [...others, call]
    .filter(({ name, scope }) => isShown(name) && hasScope(asker, scope))
    .map(({ scope: _, ...tool }) => tool);
}
