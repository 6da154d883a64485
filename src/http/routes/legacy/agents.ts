import * as z from "zod";
import { registrationInput, reportedStatus } from "../../../core/agents/agent.ts";
import { type Entry, isLive, type LiveEntry } from "../../../core/entry.ts";
import { effectiveState } from "../../../core/agents/liveness.ts";
import { Problem, orThrow } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { decideRemoval } from "../../../core/agents/removal.ts";
import { changeOne } from "../../../store/change.ts";
import type { Store } from "../../../store/store.ts";
import { walk } from "../../../store/walk.ts";
import { endpoint } from "../../frame/loose.ts";
import { callIn } from "../../../registry/agents/call-in.ts";
import { readOne } from "../../../registry/read.ts";
import { register as registerAgent } from "../../../registry/agents/register.ts";
import * as shapes from "../../answers/index.ts";

/**
 * Source 2's agent API, shape for shape, for its existing clients. They know no lease token, so here the owner's key is
 * enough; one that is sent must be current all the same.
 */

const LIST_MAX = 5000;
const { name, type, host, port, capabilities, version, metadata } = registrationInput.shape;

/** A Go client marshals what it leaves out as "". */
const orEmpty = <T extends z.ZodType>(text: T) => z.union([z.literal(""), text]);

/** An agent as source 2 shows it: capabilities by name, `available` under its old name. */
function legacyAgent(entry: LiveEntry, now: number) {
  const { registration, registeredAt } = entry.document;
  const { status } = effectiveState(entry, now);
  return {
    id: registration.id,
    name: registration.name,
    type: registration.type,
    host: registration.host ?? "",
    port: registration.port ?? 0,
    capabilities: registration.capabilities.map((capability) => capability.name),
    status: status === "available" ? "healthy" : status,
    version: registration.version,
    registered_at: isoTime(registeredAt),
    last_seen: isoTime(entry.lease.lastSeenAt),
    ...(Object.keys(registration.metadata).length > 0 && { metadata: registration.metadata }),
  };
}

async function listUnder(store: Store, term: string, now: number) {
  const live: LiveEntry[] = [];
  for await (const page of walk(store, "agent", [term], now)) {
    live.push(...page.filter((entry: Entry) => isLive(entry)));
    if (live.length > LIST_MAX) break;
  }
  const agents = live.slice(0, LIST_MAX).map((entry) => legacyAgent(entry, now));
  return {
    status: 200,
    body: { agents, count: agents.length, ...(live.length > LIST_MAX && { truncated: true }) },
  };
}

const register = endpoint({
  method: "POST",
  path: "/agents/register",
  operationId: "legacyRegister",
  summary: "Register under a new id (source 2's API)",
  scope: "write",
  legacy: true,
  body: z.object({
    name,
    type,
    host: host.unwrap(),
    port: port.unwrap(),
    capabilities: capabilities.nullish(),
    version: orEmpty(version).nullish(),
    metadata: metadata.nullish(),
  }),
  answers: { 201: { description: "Registered", body: shapes.legacyRegistered } },
  refusals: ["invalid_request", "payload_too_large"],
  async handle(call) {
    const { capabilities: offered, version: stated, metadata: extra, ...required } = call.body;
    const input = {
      ...registrationInput.parse(required),
      capabilities: offered ?? [],
      metadata: extra ?? {},
      ...(stated && { version: stated }),
    };
    const { namespace, asker, region, now } = call;
    const agent = { input, token: undefined, region };
    const { id, entry } = orThrow(await registerAgent(namespace, asker, agent, now));
    return {
      status: 201,
      body: {
        agent_id: id,
        registered_at: isoTime(entry.document.registeredAt),
        heartbeat_url: `/agents/${id}/heartbeat`,
        heartbeat_interval_seconds: entry.document.registration.heartbeat_interval_seconds,
      },
    };
  },
});

const beat = endpoint({
  method: "POST",
  path: "/agents/:id/heartbeat",
  operationId: "legacyHeartbeat",
  summary: "Call in (source 2's API)",
  scope: "write",
  legacy: true,
  takesLeaseToken: true,
  body: z.object({ status: orEmpty(reportedStatus).nullish(), metadata: metadata.nullish() }),
  answers: { 200: { description: "Heard", body: shapes.legacyReceived } },
  refusals: ["invalid_request", "forbidden", "agent_not_found", "lease_lost"],
  async handle({ id, body, asker, token, namespace, now }) {
    const input = {
      ...(body.status && { status: body.status }),
      ...(body.metadata && { metadata: body.metadata }),
    };
    const heartbeat = { id, input, token, ownerMayToo: true };
    const { lease } = orThrow(inSource2Words(await callIn(namespace, asker, heartbeat, now)));
    return {
      status: 200,
      body: { received: true, next_interval_seconds: lease.intervalSeconds, timestamp: isoTime(now) },
    };
  },
});

/** Source 2's clients compare this text. */
const inSource2Words = <T>(result: T | Problem): T | Problem =>
  result instanceof Problem && result.code === "agent_not_found"
    ? new Problem("agent_not_found", "agent not found: agent not found")
    : result;

const unregister = endpoint({
  method: "POST",
  path: "/agents/:id/unregister",
  operationId: "legacyUnregister",
  summary: "Unregister; an id that nobody has is fine (source 2's API)",
  scope: "write",
  legacy: true,
  takesLeaseToken: true,
  answers: { 200: { description: "Gone", body: shapes.legacyMessage } },
  refusals: ["invalid_request", "forbidden", "lease_lost"],
  async handle({ id, asker, token, store, now }) {
    const removal = { id, asker, fence: token?.fence, ownerMayToo: true };
    const result = await changeOne(
      store,
      { kind: "agent", id },
      (entry) => decideRemoval(entry, removal, now),
      now,
    );
    if (result?.code !== "agent_not_found") orThrow(result);
    return { status: 200, body: { message: "Agent unregistered successfully" } };
  },
});

const list = endpoint({
  method: "GET",
  path: "/agents",
  operationId: "legacyList",
  summary: "List live agents, up to 5,000 (source 2's API)",
  scope: "read",
  legacy: true,
  answers: { 200: { description: "All, or the first 5,000 and truncated", body: shapes.legacyList } },
  refusals: [],
  handle: ({ store, now }) => listUnder(store, "agent", now),
});

const listByType = endpoint({
  method: "GET",
  path: "/agents/type/:type",
  operationId: "legacyListByType",
  summary: "List live agents of a type, up to 5,000 (source 2's API)",
  scope: "read",
  legacy: true,
  answers: { 200: { description: "All, or the first 5,000 and truncated", body: shapes.legacyList } },
  refusals: [],
  handle: ({ type: wanted, store, now }) => listUnder(store, `type:${wanted}`, now),
});

const get = endpoint({
  method: "GET",
  path: "/agents/:id",
  operationId: "legacyGet",
  summary: "Read one agent (source 2's API)",
  scope: "read",
  legacy: true,
  answers: { 200: { description: "The agent", body: shapes.legacyAgent } },
  refusals: ["invalid_request", "agent_not_found"],
  async handle({ id, store, now }) {
    const entry = await readOne(store, { kind: "agent", id }, now);
    if (!isLive(entry)) throw new Problem("agent_not_found", "Agent not found");
    return { status: 200, body: legacyAgent(entry, now) };
  },
});

export const legacyEndpoints = [register, beat, unregister, list, listByType, get];
