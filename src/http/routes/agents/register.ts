import { registrationInput } from "../../../core/agents/agent.ts";
import { orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { register, type RegisteredAgent } from "../../../registry/agents/register.ts";
import * as shapes from "../../answers/index.ts";
import { endpoint } from "../../frame/endpoint.ts";

const registration = endpoint({
  method: "POST",
  path: "/v1/agents",
  operationId: "registerAgent",
  summary: "Register an agent, replace one, or (with its Lease-Token) renew one",
  group: "agents",
  scope: "write",
  takesLeaseToken: true,
  body: registrationInput,
  answers: {
    200: { description: "Renewed: same epoch, same registered_at", body: shapes.registered },
    201: { description: "Created, or replaced with a new epoch", body: shapes.registered },
  },
  refusals: ["invalid_request", "forbidden", "lease_lost", "payload_too_large"],
  async handle({ namespace, asker, body, token, region, now }) {
    const agent = orThrow(await register(namespace, asker, { input: body, token, region }, now));
    const url = `/v1/agents/${encodeURIComponent(agent.id)}`;
    return {
      status: agent.outcome === "renewed" ? 200 : 201,
      headers: { Location: url },
      body: shown(agent, url),
    };
  },
});

function shown({ id, leaseToken, outcome, entry: { document, lease } }: RegisteredAgent, url: string) {
  const { heartbeat_interval_seconds, ttl_seconds } = document.registration;
  return {
    agent_id: id,
    lease_token: leaseToken,
    registered_at: isoTime(document.registeredAt),
    heartbeat_url: `${url}/heartbeat`,
    heartbeat_interval_seconds,
    ttl_seconds,
    expires_at: lease?.expiresAt ? isoTime(lease.expiresAt) : null,
    outcome,
  };
}

export const registerEndpoints = [registration];
