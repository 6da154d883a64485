import * as z from "zod";
import { orThrow } from "../../../core/problem.ts";
import { listServices } from "../../../registry/services/list.ts";
import { decodeNameCursor, encodeCursor } from "../../frame/cursor.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

/** The largest page of services. */
const SERVICES_MAX = 1000;

const list = endpoint({
  method: "GET",
  path: "/v1/services",
  operationId: "listServiceNames",
  group: "services",
  scope: "read",
  query: z.strictObject({
    prefix: z.string().max(256).default(""),
    limit: param.integer(1, SERVICES_MAX).default(100),
    cursor: z.string().optional(),
  }),
  refusals: ["invalid_request"],
  async handle({ namespace, query: { prefix, limit, cursor } }) {
    const after = cursor === undefined ? "" : orThrow(decodeNameCursor(cursor));
    const { services, next } = await listServices(namespace, { prefix, after, limit });
    const next_cursor = next === null ? null : encodeCursor(next);
    return { status: 200, body: { services, count: services.length, next_cursor } };
  },
});

export const serviceEndpoints = [list];
