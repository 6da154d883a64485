import { registrationInput, shownOrRegistration } from "../../../core/agents/agent.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { register, type RegisteredAgent } from "../../../registry/agents/register.ts";
import { endpoint } from "../../frame/endpoint.ts";

const registration = endpoint({
  method: "POST",
  path: "/v1/agents",
  operationId: "registerAgent",
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  takesIdempotencyKey: true,
  body: shownOrRegistration,
  bodyShape: registrationInput,
  refusals: [
    "invalid_request",
    "forbidden",
    "quota_exceeded",
    "lease_lost",
    "epoch_ahead",
    "payload_too_large",
  ],
  async handle({ namespace, asker, body, token, idempotencyKey, region, now }) {
    const request = { input: body, token, idempotencyKey, region };
    const agent = orThrow(await register(namespace, asker, request, now));
    const url = `/v1/agents/${encodeURIComponent(agent.id)}`;
    return {
      status: agent.outcome === "renewed" ? 200 : 201,
      headers: { Location: url },
      body: shown(agent, url, namespace.hub !== undefined),
    };
  },
});

function shown({ id, leaseToken, outcome, entry }: RegisteredAgent, url: string, hasSockets: boolean) {
  const { document, lease, draining } = entry;
  const { heartbeat_interval_seconds, ttl_seconds } = document.registration;
  return {
    agent_id: id,
    lease_token: leaseToken,
    registered_at: isoTime(document.registeredAt),
    heartbeat_url: `${url}/heartbeat`,
    ...(hasSockets && heartbeat_interval_seconds !== null && { presence_url: `${url}/presence` }),
    heartbeat_interval_seconds,
    ttl_seconds,
    expires_at: lease?.expiresAt ? isoTime(lease.expiresAt) : null,
    outcome,
    desired_state: draining ? ("drain" as const) : ("run" as const),
  };
}

export const registerEndpoints = [registration];
