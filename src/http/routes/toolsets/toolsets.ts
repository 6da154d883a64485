import * as z from "zod";
import { check } from "../../../core/check.ts";
import { entryId } from "../../../core/names.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { toolsetRecord } from "../../../core/toolsets/catalogue.ts";
import { checkPartially, shownOrToolset, toolsetInput } from "../../../core/toolsets/toolset.ts";
import { findToolsets, listToolsets, type ToolsetList } from "../../../registry/toolsets/catalogue.ts";
import { readToolset } from "../../../registry/toolsets/read.ts";
import {
  type RegisteredToolset,
  registerToolset,
  unregisterToolset,
} from "../../../registry/toolsets/register.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const register = endpoint({
  method: "POST",
  path: "/v1/toolsets",
  operationId: "registerToolset",
  group: "toolsets",
  scope: "write",
  takesLeaseToken: true,
  takesIdempotencyKey: true,
  query: z.strictObject({ partial: param.flag() }),
  body: z.unknown(),
  bodyShape: toolsetInput,
  refusals: [
    "invalid_request",
    "forbidden",
    "quota_exceeded",
    "lease_lost",
    "epoch_ahead",
    "store_contended",
  ],
  async handle({ namespace, asker, query, body, region, token, idempotencyKey, now }) {
    const partial = query.partial === "true";
    const input = orThrow(partial ? checkPartially(body) : check(shownOrToolset, body));
    const request = { input, partial, region, token, idempotencyKey };
    const { entry, outcome, leaseToken, refused, warnings } = orThrow(
      await registerToolset(namespace, asker, request, now),
    );
    return {
      status: outcome === "amended" ? 200 : 201,
      headers: { Location: `/v1/toolsets/${encodeURIComponent(input.name)}` },
      body: {
        registered_at: isoTime(entry.document.registeredAt),
        lease_token: leaseToken,
        ...(refused.length > 0 && { refused: refused.map(refusedTool) }),
        ...(warnings.length > 0 && { warnings }),
      },
    };
  },
});

const refusedTool = ({ index, name, problem }: RegisteredToolset["refused"][number]) => ({
  index,
  name,
  ...itemProblem(problem),
});

const shown = ({ toolsets, truncated }: ToolsetList) => ({
  toolsets,
  count: toolsets.length,
  ...(truncated && { truncated }),
});

const list = endpoint({
  method: "GET",
  path: "/v1/toolsets",
  operationId: "listToolsets",
  group: "toolsets",
  scope: "read",
  query: z.strictObject({ tag: z.array(z.string()).max(16).default([]), healthy: param.flag() }),
  refusals: ["invalid_request"],
  async handle({ namespace, query, now }) {
    const wanted = { tags: query.tag, healthyOnly: query.healthy === "true" };
    return { status: 200, body: shown(await listToolsets(namespace, wanted, now)) };
  },
});

const search = endpoint({
  method: "GET",
  path: "/v1/toolsets/search",
  operationId: "searchToolsets",
  group: "toolsets",
  scope: "read",
  query: z.strictObject({ q: z.string().min(1).max(1024), healthy: param.flag() }),
  refusals: ["invalid_request"],
  async handle({ namespace, query, now }) {
    const wanted = { text: query.q, healthyOnly: query.healthy === "true" };
    return { status: 200, body: shown(await findToolsets(namespace, wanted, now)) };
  },
});

const get = endpoint({
  method: "GET",
  path: "/v1/toolsets/:name",
  params: { name: entryId },
  operationId: "getToolset",
  group: "toolsets",
  scope: "read",
  refusals: ["invalid_request", "toolset_not_found"],
  async handle({ namespace, params, now }) {
    const entry = orThrow(await readToolset(namespace, params.name, now, true));
    return { status: 200, body: toolsetRecord(entry, namespace.ping, now) };
  },
});

const unregister = endpoint({
  method: "DELETE",
  path: "/v1/toolsets/:name",
  params: { name: entryId },
  operationId: "unregisterToolset",
  group: "toolsets",
  scope: "write",
  takesLeaseToken: true,
  refusals: ["invalid_request", "lease_token_required", "toolset_not_found", "lease_lost", "store_contended"],
  async handle({ namespace, asker, params, token, now }) {
    orThrow(await unregisterToolset(namespace, asker, { name: params.name, fence: token?.fence }, now));
    return { status: 204 };
  },
});

export const toolsetEndpoints = [register, list, search, get, unregister];
