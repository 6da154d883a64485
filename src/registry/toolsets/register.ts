import type { Asker } from "../../core/authority.ts";
import type { Entry, Region } from "../../core/entry.ts";
import { type FieldError, Problem, invalid } from "../../core/problem.ts";
import {
  decideToolset,
  decideToolsetRemoval,
  type ToolsetRequest,
} from "../../core/toolsets/registration.ts";
import { type Tool, type ToolInput, toolOf } from "../../core/toolsets/tool.ts";
import type { PartialToolset, RefusedTool } from "../../core/toolsets/toolset.ts";
import { schemaErrors } from "../../json-schema/index.ts";
import { changeOne } from "../../store/change.ts";
import { fenceOf, leaseToken, mintSecret } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";
import { epochOf, type ProviderOf } from "./read.ts";
import { schemaHash } from "./validators.ts";

/** A toolset's lease does not end and has no interval: it stays in the catalogue until it is unregistered. */
const NO_TERMS = { ttlSeconds: 0, intervalSeconds: null };

export interface RegisterToolset {
  input: PartialToolset;
  /** Registers the sound tools although others are refused. */
  partial: boolean;
  region: Region | null;
  /** Of the lease token that came along; undefined without one. */
  fence: string | undefined;
}

export interface RegisteredToolset {
  entry: Entry<"toolset">;
  leaseToken: string;
  /** Those that are not registered, with their place in the input. */
  refused: (RefusedTool & { index: number })[];
}

/**
 * Registers a toolset, or replaces the one of that name. Either begins a new epoch, which is unhealthy until its first pong.
 *
 * @returns the entry and its token, or the Problem `invalid_request`, `forbidden`, `lease_lost` or `store_contended`
 */
export async function registerToolset(
  namespace: Namespace,
  asker: Asker,
  { input, partial, region, fence }: RegisterToolset,
  now: number,
): Promise<RegisteredToolset | Problem> {
  const judged = judge(input.tools, partial);
  if (judged instanceof Problem) return judged;
  const { name, ...rest } = input;
  const random = mintSecret();
  const registration = { id: name, ...rest, tools: await kept(judged.accepted) };
  const mintedFence = await fenceOf(random, true);
  const request = { registration, asker, region, presentedFence: fence, mintedFence };
  const entry = await commit(namespace, request, now);
  if (entry instanceof Problem) return entry;
  const current = await openEpoch(namespace, request, entry, now);
  return { entry: current, leaseToken: leaseToken(NO_TERMS, random), refused: judged.refused };
}

const commit = (
  { store }: Namespace,
  request: ToolsetRequest,
  now: number,
): Promise<Entry<"toolset"> | Problem> =>
  changeOne(
    store,
    { kind: "toolset", id: request.registration.id },
    (before) => decideToolset(before, request, now),
    now,
  );

/**
 * Tells the gateway of the epoch that was committed. The gateway may know one that is not earlier. If that one is gone from
 * the catalogue, the clock that dated it was ahead of ours, and our registration is moved past it. If it is still there, it
 * has replaced ours, and the second commit is refused because our token is no longer the current one.
 */
async function openEpoch(
  namespace: Namespace,
  request: ToolsetRequest,
  entry: Entry<"toolset">,
  now: number,
): Promise<Entry<"toolset">> {
  const gateway = namespace.gateway(request.registration.id);
  const notBefore = await ignoringOutage(gateway.open(epochOf(entry), now));
  if (notBefore === undefined) return entry;
  const moved = await commit(namespace, { ...request, presentedFence: request.mintedFence }, notBefore + 1);
  if (moved instanceof Problem) return entry;
  await ignoringOutage(gateway.open(epochOf(moved), now));
  return moved;
}

/**
 * Unregisters a toolset. Calls that wait for it fail.
 *
 * @returns undefined, or the Problem `toolset_not_found`, `lease_lost`, `lease_token_required` or `store_contended`
 */
export async function unregisterToolset(
  { store, gateway }: Namespace,
  asker: Asker,
  { name, fence }: ProviderOf,
  now: number,
): Promise<undefined | Problem> {
  let removed: Entry<"toolset"> | undefined;
  const refused = await changeOne(
    store,
    { kind: "toolset", id: name },
    (before) => decideToolsetRemoval((removed = before), { name, asker, fence }, now),
    now,
  );
  if (refused) return refused;
  if (removed) await ignoringOutage(gateway(name).close(epochOf(removed), now));
  return undefined;
}

/**
 * Undefined if the gateway cannot be reached. The catalogue is already changed then, and the gateway learns of it with the
 * next request that names the epoch.
 */
const ignoringOutage = <T>(told: Promise<T>): Promise<T | undefined> => told.catch(() => undefined);

const SCHEMA_FIELDS = [
  "payload_schema",
  "result_schema",
  "sidecar_schema",
  "inputSchema",
  "outputSchema",
] as const;

/** What is wrong with a tool's schemas. Pointers begin at the tool. */
const schemaFaults = (tool: ToolInput): FieldError[] =>
  SCHEMA_FIELDS.flatMap((field) => {
    const schema = tool[field];
    if (schema === undefined) return [];
    return schemaErrors(schema).map(({ pointer, detail }) => ({
      pointer: `/${field}${pointer}`,
      detail: `invalid tool schema: tool "${tool.name}": ${field.replace("_", " ")}: ${detail}`,
    }));
  });

interface JudgedTools {
  accepted: ToolInput[];
  refused: (RefusedTool & { index: number })[];
}

/** @returns which tools can be registered, or the Problem `invalid_request` if one cannot, and with `partial` if none can */
function judge(tools: PartialToolset["tools"], partial: boolean): JudgedTools | Problem {
  const judged: JudgedTools = { accepted: [], refused: [] };
  const errors: FieldError[] = [];
  tools.forEach((tool, index) => {
    const faults = "problem" in tool ? (tool.problem.options.errors ?? []) : schemaFaults(tool);
    errors.push(...faults.map((fault) => ({ ...fault, pointer: `/tools/${index}${fault.pointer}` })));
    if ("problem" in tool) judged.refused.push({ ...tool, index });
    else if (faults.length > 0) judged.refused.push({ name: tool.name, problem: invalid(faults), index });
    else judged.accepted.push(tool);
  });
  const { accepted, refused } = judged;
  return refused.length > 0 && (!partial || accepted.length === 0) ? invalid(errors) : judged;
}

const kept = (tools: readonly ToolInput[]): Promise<Tool[]> =>
  Promise.all(
    tools.map(async (input) => {
      const tool = toolOf(input);
      const [payload_hash, result_hash] = await Promise.all([
        schemaHash(tool.payload_schema),
        schemaHash(tool.result_schema),
      ]);
      return { ...tool, payload_hash, result_hash };
    }),
  );
