import { decideDrain } from "../../../core/agents/drain.ts";
import { orThrow } from "../../../core/problem.ts";
import { changeOne } from "../../../store/change.ts";
import { type Call, endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";

const shared = {
  path: "/v1/agents/:id/drain",
  scope: "write",
  takesLeaseToken: true,
  refusals: ["invalid_request", "forbidden", "agent_not_found", "lease_lost"],
} as const;

async function direct(call: Call<unknown, unknown>, draining: boolean) {
  const { id, asker, token, store, now } = call;
  const request = { id, asker, fence: token?.fence, draining };
  orThrow(await changeOne(store, { kind: "agent", id }, (entry) => decideDrain(entry, request, now), now));
  return { status: 200, body: { agent_id: id, desired_state: draining ? "drain" : "run" } };
}

export const drainEndpoints = [
  endpoint({
    ...shared,
    method: "POST",
    operationId: "drainAgent",
    summary: "Take an agent out of selection at once, and ask it to drain",
    answers: { 200: { description: "Draining, until this registration ends", body: shapes.drainAnswer } },
    handle: (call) => direct(call, true),
  }),
  endpoint({
    ...shared,
    method: "DELETE",
    operationId: "cancelDrain",
    summary: "Take the request to drain back",
    answers: { 200: { description: "Running again", body: shapes.drainAnswer } },
    handle: (call) => direct(call, false),
  }),
];
