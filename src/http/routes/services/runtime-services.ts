import * as z from "zod";
import { entryId } from "../../../core/names.ts";
import { invalid, orThrow } from "../../../core/problem.ts";
import { readFirstOfFleet, readFleet } from "../../../registry/services/fleet.ts";
import { resetBreakers, setPriority } from "../../../registry/services/manage.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { shownChange, shownFleet, shownHealth, shownReset } from "./runtime-shapes.ts";
import { SELECTION_LOGIC } from "./selection-logic.ts";

/** Source 1's management API. What it answered with 200 and an error is a 400 or a 404 here. */

const servicesQuery = z.strictObject({
  handler: z.string().min(1).optional(),
  service_type: z.string().min(1).optional(),
});

const list = endpoint({
  method: "GET",
  path: "/v1/runtime/services",
  operationId: "listServices",
  group: "services",
  scope: "read",
  query: servicesQuery.extend({
    limit: param
      .integer(1, 1000)
      .optional()
      .meta({ description: "With service_type: look at the first so many agents by id that offer it" }),
  }),
  refusals: ["invalid_request"],
  async handle({ query: { handler, service_type, limit }, namespace, now }) {
    if (limit !== undefined) {
      if (service_type === undefined)
        throw invalid([{ pointer: "/limit", detail: "is of one service: name it in service_type" }]);
      const { fleet, truncated } = await readFirstOfFleet(namespace, service_type, limit, now);
      return {
        status: 200,
        body: { ...shownFleet(fleet, handler, now), ...(truncated && { truncated }) },
      };
    }
    const fleet = await readFleet(namespace, service_type, now);
    return { status: 200, body: shownFleet(fleet, handler, now) };
  },
});

const health = endpoint({
  method: "GET",
  path: "/v1/runtime/services/health",
  operationId: "servicesHealth",
  group: "services",
  scope: "read",
  refusals: [],
  async handle({ namespace, now }) {
    const fleet = await readFleet(namespace, undefined, now);
    return { status: 200, body: shownHealth(fleet, now) };
  },
});

const selectionLogic = endpoint({
  method: "GET",
  path: "/v1/runtime/services/selection-logic",
  operationId: "selectionLogic",
  group: "services",
  scope: "read",
  refusals: [],
  handle: async () => ({ status: 200, body: SELECTION_LOGIC }),
});

const changePriority = endpoint({
  method: "PUT",
  path: "/v1/runtime/services/:id/priority",
  params: { id: entryId },
  operationId: "setServicePriority",
  group: "services",
  scope: "admin",
  query: servicesQuery,
  body: z.strictObject({
    priority: z.union([z.string().max(64), z.number()]),
    priority_group: z.int().min(0).max(1000).optional(),
    strategy: z.string().max(64).optional(),
  }),
  refusals: ["invalid_request", "provider_not_found"],
  async handle({ params: { id }, query, body, namespace, now }) {
    const { priority, priority_group: group, strategy } = body;
    const binding = { provider: id, service: query.service_type, handler: query.handler };
    const change = orThrow(await setPriority(namespace, { ...binding, priority, group, strategy }, now));
    return { status: 200, body: shownChange(id, change, now) };
  },
});

const reset = endpoint({
  method: "POST",
  path: "/v1/runtime/services/circuit-breakers/reset",
  operationId: "resetCircuitBreakers",
  group: "services",
  scope: "admin",
  query: z.strictObject({ service_type: z.string().min(1).optional() }),
  refusals: ["invalid_request", "service_not_found"],
  async handle({ query: { service_type }, namespace, now }) {
    const count = orThrow(await resetBreakers(namespace, service_type, now));
    return { status: 200, body: shownReset(count, service_type, now) };
  },
});

export const runtimeServiceEndpoints = [list, health, selectionLogic, changePriority, reset];
