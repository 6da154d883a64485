import { endpoints } from "../../src/http/routes.ts";
import type { Registered, Registry } from "./registry.ts";

/** Values that must never turn up where they have no business. */
export const RESIDENT = {
  id: "resident/one",
  type: "resident-type",
  service: "llm",
  secret: "resident-secret",
};

/** One well-formed request to a registry in which the resident lives. */
export interface Sample {
  operation: string;
  title: string;
  /** What its round trips to Redis do, one letter each: r(ead), which may be tried once more, or w(rite), which may not. */
  trips: string;
  /** Brings about what the request presupposes. */
  prepare?: (registry: Registry, resident: Registered) => Promise<unknown>;
  query?: string;
  body?: (resident: Registered) => unknown;
  /** Whether the resident's lease token goes along. */
  token?: true;
}

const newcomer = {
  name: "newcomer",
  type: "worker",
  capabilities: ["spot", { name: "chart" }],
  tags: ["eu"],
};
const whole = { status: "busy", current_load: 3 };
const path = encodeURIComponent;
const drain = (registry: Registry, { agent_id }: Registered) =>
  registry.post(`/v1/agents/${path(agent_id)}/drain`);

const fail = (registry: Registry, { agent_id }: Registered) =>
  registry.post("/v1/outcomes", { service: "llm", provider_id: agent_id, success: false, latency_ms: 9 });

/** Every route, and every way through it that sends other commands. */
export const SAMPLES: readonly Sample[] = [
  { operation: "registerAgent", title: "a minted id", trips: "w", body: () => newcomer },
  { operation: "registerAgent", title: "a new id", trips: "rw", body: () => ({ ...newcomer, id: "b/new" }) },
  {
    operation: "registerAgent",
    title: "a replacement",
    trips: "rw",
    body: () => ({ ...newcomer, id: RESIDENT.id }),
  },
  {
    operation: "registerAgent",
    title: "a renewal",
    trips: "rw",
    token: true,
    body: () => ({ ...newcomer, id: RESIDENT.id }),
  },
  { operation: "listAgents", title: "all", trips: "r" },
  {
    operation: "discover",
    title: "by all terms",
    trips: "r",
    query: `?capability=spot&tag=eu&type=${RESIDENT.type}&explain=true`,
  },
  { operation: "discover", title: "exactly", trips: "r", query: "?exact=true&limit=1" },
  { operation: "getAgent", title: "the resident", trips: "r" },
  { operation: "heartbeat", title: "whole", trips: "w", token: true, body: () => whole },
  { operation: "heartbeat", title: "bare", trips: "rw", token: true },
  {
    operation: "heartbeat",
    title: "with metadata",
    trips: "rw",
    token: true,
    body: () => ({ ...whole, metadata: { zone: 2 } }),
  },
  {
    operation: "heartbeats",
    title: "whole ones",
    trips: "w",
    body: ({ agent_id, lease_token }) => ({ heartbeats: [{ id: agent_id, lease_token, ...whole }] }),
  },
  {
    operation: "heartbeats",
    title: "whole, failing and wrong ones",
    trips: "wrr",
    body: ({ agent_id, lease_token }) => ({
      heartbeats: [
        { id: agent_id, lease_token, ...whole },
        { id: "nobody", lease_token, ...whole },
        { id: "nobody/else", lease_token, health_score: 0.9 },
        { id: 7 },
      ],
    }),
  },
  {
    operation: "heartbeats",
    title: "a partial one",
    trips: "rw",
    body: ({ agent_id, lease_token }) => ({ heartbeats: [{ id: agent_id, lease_token, health_score: 0.9 }] }),
  },
  { operation: "drainAgent", title: "the resident", trips: "rw", token: true },
  { operation: "cancelDrain", title: "a draining one", trips: "rw", prepare: drain },
  { operation: "cancelDrain", title: "one that runs", trips: "r" },
  {
    operation: "importAgents",
    title: "of every outcome",
    trips: "rw",
    query: "?static=true",
    body: () => ({
      components: [
        { type: "skill", name: "write", activated: true },
        { type: "skill", name: "idle" },
        { type: "skill", name: "not/{an}/id", activated: true },
        { name: "nothing else" },
      ],
    }),
  },
  { operation: "listCapabilities", title: "all", trips: "rrr" },
  { operation: "stats", title: "all", trips: "rrr" },
  { operation: "listEvents", title: "all", trips: "r" },
  { operation: "listEvents", title: "after the newest", trips: "r", query: "?since=1&limit=1" },
  { operation: "sweep", title: "with nothing to tell", trips: "rrrrwrw" },
  { operation: "resolveService", title: "explained", trips: "r", query: "?explain=true" },
  { operation: "resolveService", title: "dry", trips: "r", query: "?dry_run=true&capability=spot" },
  {
    operation: "listSelections",
    title: "one with a choice and one without",
    trips: "",
    prepare: async (registry) => {
      await registry.get("/v1/services/llm/resolve");
      await registry.get("/v1/services/llm/resolve?capability=none");
    },
  },
  {
    operation: "reportOutcomes",
    title: "one",
    trips: "r",
    body: ({ agent_id }) => ({ service: "llm", provider_id: agent_id, success: false, error: "timed out" }),
  },
  {
    operation: "reportOutcomes",
    title: "good, unknown and wrong ones",
    trips: "r",
    body: ({ agent_id }) => ({
      outcomes: [
        { service: "llm", provider_id: agent_id, success: true, latency_ms: 12.5 },
        { service: "llm", provider_id: "nobody", success: true },
        { service: "llm" },
      ],
    }),
  },
  { operation: "servicesReady", title: "the resident's", trips: "r", query: "?service=llm&timeout=0" },
  {
    operation: "checkServices",
    title: "one that must not be fetched",
    trips: "r",
    prepare: (registry) =>
      registry.register({ services: [{ service: "llm" }], health_url: "http://elsewhere.example/" }),
  },
  { operation: "listServices", title: "with a failure", trips: "r", prepare: fail },
  { operation: "listServices", title: "of one kind", trips: "r", query: "?handler=h&service_type=llm" },
  { operation: "servicesHealth", title: "all", trips: "r" },
  { operation: "selectionLogic", title: "in words", trips: "" },
  {
    operation: "setServicePriority",
    title: "in any case",
    trips: "r",
    body: () => ({ priority: "high", priority_group: 1, strategy: "Round_Robin" }),
  },
  { operation: "resetCircuitBreakers", title: "all", trips: "r", prepare: fail },
  { operation: "resetCircuitBreakers", title: "one service's", trips: "r", query: "?service_type=llm" },
  { operation: "ready", title: "the store", trips: "r" },
  {
    operation: "legacyRegister",
    title: "an agent",
    trips: "w",
    body: () => ({ name: "old", type: "worker", host: "h", port: 1, metadata: { a: 1 } }),
  },
  { operation: "legacyHeartbeat", title: "status", trips: "rw", body: () => ({ status: "degraded" }) },
  { operation: "legacyUnregister", title: "the resident", trips: "rw" },
  { operation: "legacyList", title: "all", trips: "r" },
  { operation: "legacyListByType", title: "the resident's", trips: "r" },
  { operation: "legacyGet", title: "the resident", trips: "r" },
  { operation: "unregisterAgent", title: "the resident", trips: "rw", token: true },
  { operation: "health", title: "the Worker", trips: "" },
  { operation: "openapi", title: "the document", trips: "" },
];

/** The resident, who has something of everything to show, or to give away. */
export const settle = (registry: Registry): Promise<Registered> =>
  registry.register({
    id: RESIDENT.id,
    type: RESIDENT.type,
    host: "resident.example",
    port: 8080,
    endpoint: "https://resident.example/work",
    capabilities: ["spot"],
    tags: ["eu"],
    metadata: { note: RESIDENT.secret },
    services: [{ service: RESIDENT.service, circuit_breaker: {} }],
  });

export function endpointOf({ operation }: Pick<Sample, "operation">) {
  const endpoint = endpoints.find(({ operationId }) => operationId === operation);
  if (!endpoint) throw new Error(`no such operation: ${operation}`);
  return endpoint;
}

/** Sends a sample; the body's text, because nothing is known of it yet. */
export async function sendSample(registry: Registry, sample: Sample, resident: Registered) {
  const { method, path: pattern } = endpointOf(sample);
  const filled = pattern
    .replace(":id", path(resident.agent_id))
    .replace(":type", path(RESIDENT.type))
    .replace(":service", RESIDENT.service);
  const body = sample.body?.(resident);
  const response = await registry.fetch(filled + (sample.query ?? ""), {
    method,
    headers: {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(sample.token && { "Lease-Token": resident.lease_token }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
