import * as z from "zod";
import { entryId, label } from "../agents/agent.ts";
import { type Caller, replacementRefusal, refusal } from "../authority.ts";
import type { Decision, Entry, Region } from "../entry.ts";
import { byCodeUnit } from "../order.ts";
import { Problem } from "../problem.ts";
import { isoTime } from "../agents/record.ts";

export const TOOLS_MAX = 200;

const description = z.string().max(4096).default("");
const tags = z.array(label(128)).max(100).default([]);
/** An object, or true or false, as JSON Schema has it; what may stand in it is core/tool-schema.ts's to say. */
const schema = z.union([z.record(z.string(), z.unknown()), z.boolean()]);
export type JsonSchema = z.output<typeof schema>;

const tool = z.strictObject({
  name: entryId,
  description,
  tags,
  payload_schema: schema,
  result_schema: schema,
  sidecar_schema: schema.optional(),
});

/** What `POST /v1/toolsets` takes (source 3's Register). */
export const toolsetInput = z.strictObject({
  name: entryId.refine((name) => name !== "search", "is taken: it is a route's"),
  description,
  version: z
    .string()
    .max(64)
    .regex(/^v?\d+\.\d+\.\d+(-[a-zA-Z0-9.]+)?$/, "must be a semantic version")
    .default("1.0.0"),
  tags,
  tools: z
    .array(tool)
    .min(1)
    .max(TOOLS_MAX)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      list.forEach(({ name }, index) => {
        if (seen.has(name)) {
          context.addIssue({ code: "custom", path: [index, "name"], message: "is the name of two tools" });
        }
        seen.add(name);
      });
    }),
});
export type ToolsetInput = z.output<typeof toolsetInput>;

/** A tool as it is kept. The hashes name its schemas by content, so that a compiled one can be found without hashing. */
export type Tool = ToolsetInput["tools"][number] & { payload_hash: string; result_hash: string };

/** A toolset as it is kept; its name is its id. */
export interface ToolsetRegistration {
  id: string;
  description: string;
  version: string;
  tags: string[];
  tools: Tool[];
}

/** What a pong writes whole. It never ends: while it is there, the registration is the current one. */
export interface ToolsetPulse {
  /** ms since the Unix epoch; null: it has not answered a ping yet */
  lastPongAt: number | null;
  expiresAt: null;
}

/** How often providers are pinged, and how many pings in a row may go unanswered. */
export interface PingTerms {
  intervalMs: number;
  missedMax: number;
}

/** A provider has this long to answer, that instant included (source 3: one interval more than may be missed). */
export const stalenessThresholdMs = ({ intervalMs, missedMax }: PingTerms): number =>
  (missedMax + 1) * intervalMs;

export interface ToolsetHealth {
  healthy: boolean;
  last_pong: string | null;
  age_ms: number | null;
  staleness_threshold_ms: number;
}

/** Derived at every read, never stored. A toolset that never answered is not healthy. */
export function toolsetHealth(entry: Entry<"toolset">, ping: PingTerms, now: number): ToolsetHealth {
  const threshold = stalenessThresholdMs(ping);
  const lastPongAt = entry.lease?.lastPongAt ?? null;
  const age = lastPongAt === null ? null : Math.max(0, now - lastPongAt);
  return {
    healthy: age !== null && age <= threshold,
    last_pong: lastPongAt === null ? null : isoTime(lastPongAt),
    age_ms: age,
    staleness_threshold_ms: threshold,
  };
}

/** A toolset as lists show it: without its tools. */
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

/** A toolset whole. */
export function toolsetRecord(entry: Entry<"toolset">, ping: PingTerms, now: number) {
  const tools = entry.document.registration.tools.map(
    ({ payload_hash: _p, result_hash: _r, ...shown }) => shown,
  );
  return { ...toolsetInfo(entry, ping, now), tools };
}

/**
 * Toolsets that have `query` in their name, description or a tag, whatever the case: first those where the name has it,
 * then the description, then a tag; by name among equals.
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

export const toolsetNotFound = (name: string): Problem =>
  new Problem("toolset_not_found", `toolset "${name}" not found`);

/** The same for its provider, who can do something about it. */
const notRegistered = (name: string): Problem =>
  new Problem("toolset_not_found", `toolset "${name}" not found`, { action: "register" });

/** A message or an answer for a registration that was replaced since. */
export const staleRegistration = (name: string): Problem =>
  new Problem("stale_registration", `"${name}" has been registered anew since this ping was sent.`);

export interface ToolsetRequest {
  registration: ToolsetRegistration;
  caller: Caller;
  region: Region | null;
  /** The fence of the lease token that came with the request, if one did. */
  presentedFence: string | undefined;
  mintedFence: string;
}

/**
 * Registers, or replaces: every registration is an epoch of its own, unhealthy until its own first pong, so that neither the
 * health nor a late pong of what was there before counts for it.
 */
export function decideToolset(
  before: Entry<"toolset"> | undefined,
  { registration, caller, region, presentedFence, mintedFence }: ToolsetRequest,
  now: number,
): Decision<Entry<"toolset"> | Problem, "toolset"> {
  const { id } = registration;
  const refused = replacementRefusal(caller, before, id, presentedFence);
  if (refused) return { result: refused };
  // Later than what it replaces, whatever the clocks say: the gateway tells epochs apart by it.
  const registeredAt = before ? Math.max(now, before.document.registeredAt + 1) : now;
  const entry: Entry<"toolset"> = {
    document: { fence: mintedFence, registeredAt, owner: caller.name, region, registration },
    lease: { lastPongAt: null, expiresAt: null },
    draining: false,
    unreachable: false,
  };
  const type = before ? "replaced" : "registered";
  return { result: entry, write: { entry, event: { type, kind: "toolset", id, at: now } } };
}

export interface Holding {
  name: string;
  caller: Caller;
  fence: string | undefined;
}

/** The toolset, if `caller` may act as its provider: by token, as its owner, or as an admin. */
export function heldToolset(
  entry: Entry<"toolset"> | undefined,
  { name, caller, fence }: Holding,
): Entry<"toolset"> | Problem {
  return entry ? (refusal(caller, entry, fence, true) ?? entry) : notRegistered(name);
}

/** Unregisters: the catalogue forgets it, its health included. */
export function decideToolsetRemoval(
  before: Entry<"toolset"> | undefined,
  { name, caller, fence }: Holding,
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (!before) return { result: toolsetNotFound(name) };
  const refused = refusal(caller, before, fence, false);
  if (refused) return { result: refused };
  return {
    result: undefined,
    write: { entry: undefined, event: { type: "unregistered", kind: "toolset", id: name, at: now } },
  };
}

/** The pulse that a pong at `now` leaves. */
export const pulseAt = (now: number): ToolsetPulse => ({ lastPongAt: now, expiresAt: null });

/**
 * Takes a pong. Which registration it speaks for is in the ping's id: for an earlier one it is refused, and heals nothing.
 *
 * @param pingFence the fence in the ping's id
 */
export function decidePong(
  before: Entry<"toolset"> | undefined,
  { name, caller, fence, pingFence }: Holding & { pingFence: string },
  now: number,
): Decision<undefined | Problem, "toolset"> {
  if (!before) return { result: notRegistered(name) };
  if (before.document.fence !== pingFence) return { result: staleRegistration(name) };
  const held = heldToolset(before, { name, caller, fence });
  if (held instanceof Problem) return { result: held };
  return { result: undefined, write: { entry: { ...before, lease: pulseAt(now) } } };
}
