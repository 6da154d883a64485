import { entryId } from "../../../core/names.ts";
import { orThrow } from "../../../core/problem.ts";
import { drain } from "../../../registry/agents/drain.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const shared = {
  path: "/v1/agents/:id/drain",
  params: { id: entryId },
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  refusals: ["invalid_request", "forbidden", "agent_not_found", "lease_lost"],
} as const;

const start = endpoint({
  ...shared,
  method: "POST",
  operationId: "drainAgent",
  summary: "Take an agent out of selection at once, and ask it to drain",
  answers: {
    200: {
      description: "Draining, until it is cancelled or the agent is unregistered or reaped",
      body: shapes.drainAnswer,
    },
  },
  async handle({ namespace, asker, params: { id }, token, now }) {
    orThrow(await drain(namespace, asker, { id, token, draining: true }, now));
    return { status: 200, body: { agent_id: id, desired_state: "drain" as const } };
  },
});

const cancel = endpoint({
  ...shared,
  method: "DELETE",
  operationId: "cancelDrain",
  summary: "Take the request to drain back",
  answers: { 200: { description: "Running again", body: shapes.drainAnswer } },
  async handle({ namespace, asker, params: { id }, token, now }) {
    orThrow(await drain(namespace, asker, { id, token, draining: false }, now));
    return { status: 200, body: { agent_id: id, desired_state: "run" as const } };
  },
});

export const drainEndpoints = [start, cancel];
