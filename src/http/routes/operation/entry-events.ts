import * as z from "zod";
import { type Uptime, UPTIME_WINDOW_MS } from "../../../core/agents/uptime.ts";
import { entryId } from "../../../core/names.ts";
import { orThrow } from "../../../core/problem.ts";
import { entryLog, LOG_MAX } from "../../../registry/entry-log.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";
import { shownEvent } from "./shown-event.ts";

const shared = {
  method: "GET",
  scope: "read",
  query: z.strictObject({ limit: param.integer(1, LOG_MAX).default(LOG_MAX) }),
} as const;

const ofAgent = endpoint({
  ...shared,
  path: "/v1/agents/:id/events",
  params: { id: entryId },
  operationId: "agentEvents",
  group: "agents",
  refusals: ["invalid_request", "agent_not_found"],
  async handle({ namespace, params: { id }, query: { limit }, now }) {
    const { events, uptime } = orThrow(await entryLog(namespace, { kind: "agent", id }, limit, now));
    const body = { id, events: events.map(shownEvent), count: events.length, uptime: shownUptime(uptime) };
    return { status: 200, body };
  },
});

const shownUptime = ({ reachableMs, observedMs }: Uptime) => ({
  ratio: observedMs === 0 ? null : reachableMs / observedMs,
  window_seconds: UPTIME_WINDOW_MS / 1000,
  observed_seconds: Math.round(observedMs / 1000),
});

const ofToolset = endpoint({
  ...shared,
  path: "/v1/toolsets/:name/events",
  params: { name: entryId },
  operationId: "toolsetEvents",
  group: "toolsets",
  refusals: ["invalid_request", "toolset_not_found"],
  async handle({ namespace, params: { name: id }, query: { limit }, now }) {
    const { events } = orThrow(await entryLog(namespace, { kind: "toolset", id }, limit, now));
    return { status: 200, body: { id, events: events.map(shownEvent), count: events.length } };
  },
});

export const entryEventEndpoints = [ofAgent, ofToolset];
