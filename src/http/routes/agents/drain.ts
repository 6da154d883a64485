import { entryId } from "../../../core/names.ts";
import { orThrow } from "../../../core/problem.ts";
import { drain } from "../../../registry/agents/drain.ts";
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
  async handle({ namespace, asker, params: { id }, token, now }) {
    orThrow(await drain(namespace, asker, { id, token, draining: true }, now));
    return { status: 200, body: { agent_id: id, desired_state: "drain" as const } };
  },
});

const cancel = endpoint({
  ...shared,
  method: "DELETE",
  operationId: "cancelDrain",
  async handle({ namespace, asker, params: { id }, token, now }) {
    orThrow(await drain(namespace, asker, { id, token, draining: false }, now));
    return { status: 200, body: { agent_id: id, desired_state: "run" as const } };
  },
});

export const drainEndpoints = [start, cancel];
