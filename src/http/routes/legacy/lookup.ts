import * as z from "zod";
import { effectiveState } from "../../../core/agents/liveness.ts";
import type { LiveEntry } from "../../../core/entry.ts";
import { entryId } from "../../../core/names.ts";
import { Problem } from "../../../core/problem.ts";
import { isoTime } from "../../../core/time.ts";
import { firstAgents } from "../../../registry/agents/list.ts";
import { readAgent } from "../../../registry/agents/read.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { addressOf } from "./address.ts";
import { recoveringShown } from "../../../core/agents/lapsing.ts";

/** Lists and reads agents in source 2's API, shape for shape, for its existing clients. */

const LIST_MAX = 5000;

const shared = {
  method: "GET",
  group: "compatibility",
  scope: "read",
  dialect: "bare",
} as const;

const list = endpoint({
  ...shared,
  path: "/agents",
  operationId: "legacyList",
  refusals: [],
  async handle({ namespace, now }) {
    return { status: 200, body: listShown(await firstAgents(namespace, { max: LIST_MAX }, now), now) };
  },
});

const listByType = endpoint({
  ...shared,
  path: "/agents/type/:type",
  params: { type: z.string() },
  operationId: "legacyListByType",
  refusals: [],
  async handle({ namespace, params: { type }, now }) {
    return { status: 200, body: listShown(await firstAgents(namespace, { type, max: LIST_MAX }, now), now) };
  },
});

const get = endpoint({
  ...shared,
  path: "/agents/:id",
  params: { id: entryId },
  operationId: "legacyGet",
  refusals: ["invalid_request", "agent_not_found"],
  async handle({ namespace, params, now }) {
    const found = await readAgent(namespace, params.id, now);
    if (found instanceof Problem) throw new Problem("agent_not_found", "Agent not found");
    return { status: 200, body: agentShown(found.entry, now) };
  },
});

type List = Awaited<ReturnType<typeof firstAgents>>;

const listShown = ({ agents, truncated, lapsed }: List, now: number) => ({
  agents: agents.map((entry) => agentShown(entry, now)),
  count: agents.length,
  ...(truncated && { truncated }),
  ...recoveringShown(lapsed, agents.length + lapsed),
});

/** Capabilities by name, and `available` by its old name, `healthy`. */
function agentShown(entry: LiveEntry, now: number) {
  const { registration, registeredAt } = entry.document;
  const { status } = effectiveState(entry, now);
  return {
    id: registration.id,
    name: registration.name,
    type: registration.type,
    ...addressOf(registration),
    capabilities: registration.capabilities.map((capability) => capability.name),
    status: status === "available" ? "healthy" : status,
    version: registration.version,
    registered_at: isoTime(registeredAt),
    last_seen: isoTime(entry.lease.lastSeenAt),
    ...(Object.keys(registration.metadata).length > 0 && { metadata: registration.metadata }),
  };
}

export const legacyLookupEndpoints = [list, listByType, get];
