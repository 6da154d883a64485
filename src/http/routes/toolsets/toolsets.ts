import * as z from "zod";
import type { Entry } from "../../../core/entry.ts";
import { type FieldError, Problem, orThrow, invalid } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { schemaErrors } from "../../../json-schema/index.ts";
import { type Tool, toolsetInput, type ToolsetInput } from "../../../core/toolsets/toolset.ts";
import {
  decideToolset,
  decideToolsetRemoval,
  type ToolsetRequest,
} from "../../../core/toolsets/registration.ts";
import {
  searchToolsets,
  type ToolsetInfo,
  toolsetInfo,
  toolsetRecord,
} from "../../../core/toolsets/catalogue.ts";
import { changeOne } from "../../../store/change.ts";
import { walk } from "../../../store/walk.ts";
import { type Call, endpoint } from "../../frame/loose.ts";
import { fenceOf, leaseToken, mintSecret } from "../../../registry/lease-token.ts";
import * as shapes from "../../answers/index.ts";
import { epochOf, readToolset } from "../../../registry/toolsets/read.ts";
import { schemaHash } from "../../../registry/toolsets/validators.ts";
import { param } from "../../frame/validate.ts";

const LISTED_MAX = 1000;
/** A toolset's token promises nothing about time: the catalogue keeps it until it is unregistered. */
const NO_TERMS = { ttlSeconds: 0, intervalSeconds: null };

/** Why these tools may not be admitted, with the tool, the schema and the place in it. */
function toolErrors(tools: ToolsetInput["tools"]): FieldError[] {
  return tools.flatMap(({ name, ...tool }, index) =>
    (["payload_schema", "result_schema", "sidecar_schema"] as const).flatMap((field) => {
      const schema = tool[field];
      if (schema === undefined) return [];
      return schemaErrors(schema).map(({ pointer, detail }) => ({
        pointer: `/tools/${index}/${field}${pointer}`,
        detail: `invalid tool schema: tool "${name}": ${field.replace("_", " ")}: ${detail}`,
      }));
    }),
  );
}

const admitted = (tools: ToolsetInput["tools"]): Promise<Tool[]> =>
  Promise.all(
    tools.map(async (tool) => ({
      ...tool,
      payload_hash: await schemaHash(tool.payload_schema),
      result_hash: await schemaHash(tool.result_schema),
    })),
  );

const register = endpoint({
  method: "POST",
  path: "/v1/toolsets",
  operationId: "registerToolset",
  summary: "Register a toolset, or replace one: it is unhealthy until its provider's first pong",
  scope: "write",
  takesLeaseToken: true,
  body: toolsetInput,
  answers: { 201: { description: "A new registration, with its own epoch", body: shapes.toolsetRegistered } },
  refusals: ["invalid_request", "forbidden", "lease_lost", "store_contended"],
  async handle({ body, asker, region, token, store, gateway, now }) {
    const { name, ...rest } = body;
    const errors = toolErrors(body.tools);
    if (errors.length > 0) throw invalid(errors);
    const random = mintSecret();
    const mintedFence = await fenceOf(random, true);
    const registration = { id: name, ...rest, tools: await admitted(body.tools) };
    const request = { registration, asker, region, presentedFence: token?.fence, mintedFence };
    const commit = (asked: ToolsetRequest, at: number) =>
      changeOne(store, { kind: "toolset", id: name }, (before) => decideToolset(before, asked, at), at);
    let entry = orThrow(await commit(request, now));
    const notBefore = await tell(gateway(name).open(epochOf(entry), now));
    if (notBefore !== undefined) {
      // The gateway has seen a later one. If that is gone from the catalogue, another clock was ahead of ours, and this one
      // begins after it; if it is not, the token is no longer the current one, and that is that.
      const moved = await commit({ ...request, presentedFence: mintedFence }, notBefore + 1);
      if (!(moved instanceof Problem)) {
        entry = moved;
        await tell(gateway(name).open(epochOf(entry), now));
      }
    }
    return {
      status: 201,
      headers: { Location: `/v1/toolsets/${encodeURIComponent(name)}` },
      body: {
        registered_at: isoTime(entry.document.registeredAt),
        lease_token: leaseToken(NO_TERMS, random),
      },
    };
  },
});

/** The catalogue has it already, and the gateway learns it from whoever comes next, if not now. */
const tell = <T>(told: Promise<T>): Promise<T | undefined> => told.catch(() => undefined);

const healthyParam = param.flag();

/** A list of at most 1,000. */
function listed(toolsets: readonly ToolsetInfo[], healthy: string) {
  const wanted = healthy === "true" ? toolsets.filter(({ health }) => health.healthy) : toolsets;
  const shown = wanted.slice(0, LISTED_MAX);
  return {
    status: 200,
    body: { toolsets: shown, count: shown.length, ...(wanted.length > LISTED_MAX && { truncated: true }) },
  };
}

/** Every toolset under all of `terms`, by name. Tools are let go page by page: all at once they may be more than memory holds. */
async function everyToolset(
  { store, config, now }: Call<unknown, unknown>,
  terms: readonly string[],
): Promise<ToolsetInfo[]> {
  const toolsets: ToolsetInfo[] = [];
  for await (const page of walk(store, "toolset", terms, now)) {
    for (const entry of page) toolsets.push(toolsetInfo(entry, config.ping, now));
  }
  return toolsets;
}

const list = endpoint({
  method: "GET",
  path: "/v1/toolsets",
  operationId: "listToolsets",
  summary: "List toolsets by name, those under all the given tags",
  scope: "read",
  query: z.strictObject({ tag: z.array(z.string()).max(16).default([]), healthy: healthyParam }),
  answers: { 200: { description: "Without their tools", body: shapes.toolsetList } },
  refusals: ["invalid_request"],
  async handle(call) {
    const { tag, healthy } = call.query;
    const terms = [...new Set(tag.map((one) => `toolset_tag:${one}`))];
    return listed(await everyToolset(call, terms.length > 0 ? terms : ["toolset"]), healthy);
  },
});

const search = endpoint({
  method: "GET",
  path: "/v1/toolsets/search",
  operationId: "searchToolsets",
  summary: "Find toolsets by a part of their name, description or tags, in that order",
  scope: "read",
  query: z.strictObject({ q: z.string().min(1).max(1024), healthy: healthyParam }),
  answers: { 200: { description: "Nothing found is an empty list", body: shapes.toolsetList } },
  refusals: ["invalid_request"],
  async handle(call) {
    const { q, healthy } = call.query;
    return listed(searchToolsets(await everyToolset(call, ["toolset"]), q), healthy);
  },
});

const get = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name",
  operationId: "getToolset",
  summary: "Read one toolset, tools and schemas included",
  scope: "read",
  answers: { 200: { description: "The toolset", body: shapes.toolsetRecord } },
  refusals: ["invalid_request", "toolset_not_found"],
  async handle({ name, store, config, now }) {
    return { status: 200, body: toolsetRecord(await readToolset(store, name, now), config.ping, now) };
  },
});

const unregister = endpoint({
  method: "DELETE",
  path: "/v1/toolsets/:name",
  operationId: "unregisterToolset",
  summary: "Unregister a toolset; calls that wait for it fail",
  scope: "write",
  takesLeaseToken: true,
  answers: { 204: { description: "Gone" } },
  refusals: ["invalid_request", "lease_token_required", "toolset_not_found", "lease_lost", "store_contended"],
  async handle({ name, asker, token, store, gateway, now }) {
    const holding = { name, asker, fence: token?.fence };
    let removed: Entry<"toolset"> | undefined;
    orThrow(
      await changeOne(
        store,
        { kind: "toolset", id: name },
        (before) => decideToolsetRemoval((removed = before), holding, now),
        now,
      ),
    );
    if (removed) await tell(gateway(name).close(epochOf(removed), now));
    return { status: 204 };
  },
});

export const toolsetEndpoints = [register, list, search, get, unregister];
