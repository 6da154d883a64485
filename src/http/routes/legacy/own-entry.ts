import * as z from "zod";
import { registrationInput, reportedStatus } from "../../../core/agents/agent.ts";
import { entryId } from "../../../core/names.ts";
import { orThrow, Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { nextIntervalOf } from "../../../core/lease.ts";
import { callIn } from "../../../registry/agents/call-in.ts";
import { register } from "../../../registry/agents/register.ts";
import { unregister } from "../../../registry/agents/unregister.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { splitAddress } from "./address.ts";

/**
 * What agents do in source 2's API, shape for shape, for its existing clients. They know no lease token, so the owner's key
 * is enough; a token that is sent must be the current one all the same.
 */

const { name, type, host, port, capabilities, version, metadata } = registrationInput.shape;

/** A Go client sends "" for what it leaves out. */
const orEmpty = <T extends z.ZodType>(text: T) => z.union([z.literal(""), text]);

const registrationFields = z.object({
  name,
  type,
  host: host.unwrap(),
  port: port.unwrap(),
  capabilities: capabilities.nullish(),
  version: orEmpty(version).nullish(),
  metadata: metadata.nullish(),
});

const registration = endpoint({
  method: "POST",
  path: "/agents/register",
  operationId: "legacyRegister",
  group: "compatibility",
  scope: "write",
  dialect: "bare",
  takesIdempotencyKey: true,
  body: z.preprocess(splitAddress, registrationFields),
  bodyShape: registrationFields.partial({ port: true }),
  refusals: ["invalid_request", "quota_exceeded", "payload_too_large"],
  async handle({ namespace, asker, body, idempotencyKey, region, now }) {
    const { capabilities: offered, version: stated, metadata: extra, ...required } = body;
    const input = {
      ...registrationInput.parse(required),
      capabilities: offered ?? [],
      metadata: extra ?? {},
      ttl_seconds: namespace.lease.legacyTtlSeconds,
      ...(stated && { version: stated }),
    };
    const agent = { input, token: undefined, idempotencyKey, region };
    const { id, entry } = orThrow(await register(namespace, asker, agent, now));
    return {
      status: 201,
      body: {
        agent_id: id,
        registered_at: isoTime(entry.document.registeredAt),
        heartbeat_url: `/agents/${id}/heartbeat`,
        heartbeat_interval_seconds: namespace.lease.heartbeatIntervalSeconds,
      },
    };
  },
});

const heartbeat = endpoint({
  method: "POST",
  path: "/agents/:id/heartbeat",
  params: { id: entryId },
  operationId: "legacyHeartbeat",
  isHeartbeat: true,
  group: "compatibility",
  scope: "write",
  dialect: "bare",
  takesLeaseToken: true,
  body: z.object({ status: orEmpty(reportedStatus).nullish(), metadata: metadata.nullish() }),
  refusals: ["invalid_request", "forbidden", "agent_not_found", "lease_lost"],
  async handle({ namespace, asker, params, body, token, now }) {
    const input = {
      ...(body.status && { status: body.status }),
      ...(body.metadata && Object.keys(body.metadata).length > 0 && { metadata: body.metadata }),
    };
    const request = { id: params.id, input, token, ownerSuffices: true };
    const result = await callIn(namespace, asker, request, now);
    if (isNotFound(result)) throw new Problem("agent_not_found", "agent not found: agent not found");
    const { lease } = orThrow(result);
    return {
      status: 200,
      body: {
        received: true as const,
        // A client sleeps as long as this, one of a static entry too.
        next_interval_seconds: nextIntervalOf(lease) ?? namespace.lease.heartbeatIntervalSeconds,
        timestamp: isoTime(now),
      },
    };
  },
});

const removal = endpoint({
  method: "POST",
  path: "/agents/:id/unregister",
  params: { id: entryId },
  operationId: "legacyUnregister",
  group: "compatibility",
  scope: "write",
  dialect: "bare",
  takesLeaseToken: true,
  refusals: ["invalid_request", "forbidden", "lease_lost"],
  async handle({ namespace, asker, params: { id }, token, now }) {
    const result = await unregister(namespace, asker, { id, token, ownerSuffices: true }, now);
    if (!isNotFound(result)) orThrow(result);
    return { status: 200, body: { message: "Agent unregistered successfully" } };
  },
});

const isNotFound = (result: unknown): boolean =>
  result instanceof Problem && result.code === "agent_not_found";

export const legacyOwnEntryEndpoints = [registration, heartbeat, removal];
