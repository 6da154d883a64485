import type { AnswerSpecs, Documentation } from "../../src/http/documentation/documentation.ts";
import { DOCUMENTATION } from "../../src/http/documentation/index.ts";
import { endpoints } from "../../src/http/routes.ts";
import { closeSocket, type Registered, type Registry } from "./registry.ts";
import { type CallTaken, type ClaimedCall, ECHO, META, type Ping } from "./toolsets.ts";

/** Values that must never turn up where they have no business. */
export const RESIDENT = {
  id: "resident/one",
  type: "resident-type",
  service: "llm",
  toolset: "resident/tools",
  secret: "resident-secret",
};

/** The resident, or what a sample's preparation put in its place. */
export interface Setting extends Pick<Registered, "agent_id" | "lease_token"> {
  ping_id?: string;
  call_id?: string;
  claim_id?: string;
  since?: string;
  key_id?: string;
  subscription_id?: string;
}

/** One well-formed request to a registry in which the resident lives. */
export interface Sample {
  operation: string;
  title: string;
  /** What its round trips to Redis do, one letter each: r(ead), which may be tried once more, or w(rite), which may not; t(ell), which may fail: what it tells is kept for later. */
  trips: string;
  /** Brings about what the request presupposes; what it returns counts for the resident's. */
  prepare?: (registry: Registry, resident: Registered) => Promise<Partial<Setting> | void>;
  query?: string;
  headers?: Record<string, string>;
  body?: (setting: Setting) => unknown;
  /** Whether the lease token goes along. */
  token?: true;
}

const newcomer = {
  name: "newcomer",
  type: "worker",
  capabilities: ["spot", { name: "chart" }],
  tags: ["eu"],
};
/** Of the same status as before: another would be told in a trip of its own, after the heartbeat was heard. */
const whole = { status: "available", current_load: 3 };
const path = encodeURIComponent;
const drain = async (registry: Registry, { agent_id }: Registered) => {
  await registry.post(`/v1/agents/${path(agent_id)}/drain`);
};
const fail = async (registry: Registry, { agent_id }: Registered) => {
  const outcome = { service: "llm", provider_id: agent_id, success: false, latency_ms: 9 };
  await registry.post("/v1/outcomes", outcome);
};

const lookBack = async (registry: Registry) => {
  const { body } = await registry.get<{ next_since: string }>("/v1/events");
  return { since: body.next_since };
};

async function makeKey(registry: Registry) {
  const { body } = await registry.post<{ id: string }>("/v1/keys", { name: "made", scopes: ["write"] });
  return { key_id: body.id };
}

const HOOKS = "https://receiver.example/hooks";
async function subscribe(registry: Registry) {
  const { body } = await registry.post<{ id: string }>("/v1/subscriptions", { url: HOOKS });
  return { subscription_id: body.id };
}

const rpc = (method: string, params: object = {}) => ({ jsonrpc: "2.0", id: "m1", method, params });
const toolset = { name: RESIDENT.toolset, description: "Repeats", tags: ["eu"], tools: [ECHO] };
const TOOLSET = `/v1/toolsets/${path(RESIDENT.toolset)}`;
const toolCall = { payload: { text: RESIDENT.secret }, meta: { ...META, tool_call_id: "named" } };

async function offer(registry: Registry): Promise<{ lease_token: string }> {
  const { body } = await registry.post<{ lease_token: string }>("/v1/toolsets", toolset);
  return { lease_token: body.lease_token };
}
/** A toolset whose provider has yet to answer its first ping. */
async function attach(registry: Registry) {
  const { lease_token } = await offer(registry);
  const headers = { "Lease-Token": lease_token };
  const attached = await registry.post<{ messages: [Ping] }>(
    `${TOOLSET}/claims`,
    { consumer: "c1" },
    headers,
  );
  return { lease_token, ping_id: attached.body.messages[0].ping_id };
}
async function provide(registry: Registry) {
  const { lease_token, ping_id } = await attach(registry);
  await registry.post(`${TOOLSET}/pong`, { ping_id }, { "Lease-Token": lease_token });
  return { lease_token, ping_id };
}
async function ask(registry: Registry) {
  const provided = await provide(registry);
  const { body } = await registry.post<CallTaken>(`${TOOLSET}/tools/${ECHO.name}/calls`, toolCall);
  return { ...provided, call_id: body.call_id };
}
/** A toolset of which a provider has a call in hand. */
export async function claimCall(registry: Registry) {
  const asked = await ask(registry);
  const headers = { "Lease-Token": asked.lease_token };
  const claimed = await registry.post<{ messages: [ClaimedCall] }>(
    `${TOOLSET}/claims`,
    { consumer: "c1" },
    headers,
  );
  return { ...asked, claim_id: claimed.body.messages[0].claim_id };
}
async function answer(registry: Registry) {
  const taken = await claimCall(registry);
  const result = { claim_id: taken.claim_id, result: { text: RESIDENT.secret } };
  const headers = { "Lease-Token": taken.lease_token };
  await registry.post(`${TOOLSET}/calls/${taken.call_id}/result`, result, headers);
  return taken;
}

const consumer = () => ({ consumer: "c1" });
const pingId = ({ ping_id }: Setting) => ({ ping_id });

/** Every route, and every way through it that sends other commands. */
export const SAMPLES: readonly Sample[] = [
  { operation: "registerAgent", title: "a minted id", trips: "w", body: () => newcomer },
  { operation: "registerAgent", title: "a new id", trips: "w", body: () => ({ ...newcomer, id: "b/new" }) },
  {
    operation: "registerAgent",
    title: "a replacement",
    trips: "ww",
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
  { operation: "watchAgents", title: "from now on", trips: "rr" },
  {
    operation: "watchAgents",
    title: "after what a cursor has seen",
    trips: "rrr",
    query: "?since=:since&capability=chart",
    prepare: async (registry, resident) => {
      const { body } = await registry.get<{ cursor: string }>("/v1/watch");
      await drain(registry, resident);
      await registry.pass(1000);
      return { since: body.cursor };
    },
  },
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
  {
    operation: "openPresence",
    title: "the resident",
    trips: "rww",
    token: true,
    headers: { Upgrade: "websocket" },
  },
  { operation: "drainAgent", title: "the resident", trips: "rw", token: true },
  { operation: "cancelDrain", title: "a draining one", trips: "rw", prepare: drain },
  { operation: "cancelDrain", title: "one that runs", trips: "r" },
  {
    operation: "importAgents",
    title: "of every outcome",
    trips: "rrw",
    query: "?static=true",
    prepare: async (registry) => {
      const components = ["same", "other", "gone", "away"].map((name) => ({
        type: "skill",
        name,
        activated: true,
      }));
      await registry.post("/v1/agents/import?static=true", { components });
      await registry.register({ id: "skill/held" });
    },
    body: () => ({
      components: [
        { type: "skill", name: "write", activated: true },
        { type: "skill", name: "same", activated: true },
        { type: "skill", name: "other", activated: true, version: "2.0.0" },
        { type: "skill", name: "held", activated: true },
        { type: "skill", name: "away" },
        { type: "skill", name: "idle" },
        { type: "skill", name: "not/{an}/id", activated: true },
        { name: "nothing else" },
      ],
    }),
  },
  {
    operation: "importAgents",
    title: "that changes nothing",
    trips: "r",
    query: "?source=file.json&after=a&through=z&dry_run=true",
    body: () => ({ components: [] }),
  },
  { operation: "listCapabilities", title: "all", trips: "rr" },
  { operation: "listServiceNames", title: "all", trips: "rr" },
  { operation: "stats", title: "all", trips: "rrr" },
  { operation: "listAlerts", title: "all", trips: "r" },
  { operation: "statsHistory", title: "all", trips: "r" },
  { operation: "listEvents", title: "all", trips: "r" },
  {
    operation: "listEvents",
    title: "after the newest",
    trips: "r",
    query: "?since=:since&limit=1",
    prepare: lookBack,
  },
  { operation: "agentEvents", title: "the resident's", trips: "r", query: "?limit=5" },
  { operation: "toolsetEvents", title: "a toolset's", trips: "r", prepare: offer },
  { operation: "listEvents", title: "newest first", trips: "r", query: "?order=desc&type=registered" },
  { operation: "marker", title: "all", trips: "r" },
  { operation: "sweep", title: "with nothing to tell", trips: "rrwrrrrrrrrrrrrrw" },
  {
    operation: "sweep",
    title: "telling of the silent",
    trips: "rrwrrrrrrrrrrrrrwrrrw",
    prepare: (registry) => registry.pass(2000),
    query: "?older_than=1",
  },
  { operation: "exportAll", title: "all", trips: "rr", prepare: offer },
  {
    operation: "restore",
    title: "a static agent",
    trips: "rw",
    body: () => ({ kind: "agent", agent: { ...newcomer, id: "b/new", heartbeat_interval_seconds: null } }),
  },
  { operation: "restore", title: "a toolset", trips: "rw", body: () => ({ kind: "toolset", toolset }) },
  {
    operation: "restore",
    title: "a drain",
    trips: "rrw",
    body: ({ agent_id }) => ({ kind: "drain", agent_id }),
  },
  {
    operation: "restore",
    title: "what is there, dry",
    trips: "r",
    query: "?dry_run=true",
    body: ({ agent_id }) => ({ kind: "agent", agent: { ...newcomer, id: agent_id } }),
  },
  { operation: "createKey", title: "a key", trips: "rw", body: () => ({ name: "new", scopes: ["read"] }) },
  { operation: "listKeys", title: "all", trips: "r", prepare: makeKey },
  { operation: "rotateKey", title: "a key", trips: "rw", prepare: makeKey },
  { operation: "revokeKey", title: "a key", trips: "rw", prepare: makeKey },
  {
    operation: "subscribe",
    title: "the first",
    trips: "r",
    body: () => ({ url: HOOKS, types: ["lapsed"], filter: { kind: "agent", prefix: "agent/" } }),
  },
  {
    operation: "subscribe",
    title: "another",
    trips: "",
    prepare: subscribe,
    body: () => ({ url: HOOKS, filter: { ids: [RESIDENT.id] } }),
  },
  { operation: "listSubscriptions", title: "all", trips: "", prepare: subscribe },
  { operation: "getSubscription", title: "one", trips: "", prepare: subscribe },
  {
    operation: "rotateSubscription",
    title: "at once",
    trips: "",
    prepare: subscribe,
    body: () => ({ overlap_seconds: 0 }),
  },
  { operation: "testSubscription", title: "of nobody who listens", trips: "", prepare: subscribe },
  { operation: "unsubscribe", title: "one", trips: "", prepare: subscribe },
  { operation: "whoAmI", title: "under open access", trips: "" },
  { operation: "resolveService", title: "explained", trips: "r", query: "?explain=true" },
  { operation: "resolveService", title: "all", trips: "r", query: "?limit=10" },
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
    prepare: async (registry) => {
      await registry.register({ services: [{ service: "llm" }], health_url: "http://elsewhere.example/" });
    },
  },
  { operation: "listServices", title: "with a failure", trips: "r", prepare: fail },
  { operation: "listServices", title: "the first of one", trips: "r", query: "?service_type=llm&limit=2" },
  { operation: "listServices", title: "of one kind", trips: "r", query: "?handler=h&service_type=llm" },
  { operation: "servicesHealth", title: "all", trips: "r" },
  { operation: "selectionLogic", title: "in words", trips: "" },
  {
    operation: "setServicePriority",
    title: "in any case",
    trips: "rt",
    body: () => ({ priority: "high", priority_group: 1, strategy: "Round_Robin" }),
  },
  { operation: "resetCircuitBreakers", title: "all", trips: "rt", prepare: fail },
  { operation: "resetCircuitBreakers", title: "one service's", trips: "r", query: "?service_type=llm" },
  { operation: "registerToolset", title: "a new one", trips: "w", body: () => toolset },
  { operation: "registerToolset", title: "a replacement", trips: "ww", prepare: offer, body: () => toolset },
  {
    operation: "registerToolset",
    title: "the holder's replacement",
    trips: "rw",
    prepare: offer,
    token: true,
    body: () => toolset,
  },
  { operation: "listToolsets", title: "all", trips: "r", prepare: offer },
  {
    operation: "listToolsets",
    title: "healthy ones by tags",
    trips: "r",
    query: "?tag=eu&healthy=true",
    prepare: provide,
  },
  { operation: "searchToolsets", title: "by a part", trips: "r", query: "?q=RESIDENT", prepare: provide },
  { operation: "getToolset", title: "a healthy one", trips: "r", prepare: provide },
  { operation: "toolsetLoad", title: "with a call in hand", trips: "r", prepare: claimCall },
  { operation: "claimCalls", title: "a ping", trips: "r", prepare: offer, token: true, body: consumer },
  { operation: "claimCalls", title: "a call", trips: "r", prepare: ask, token: true, body: consumer },
  {
    operation: "openProviderSocket",
    title: "as an owner",
    trips: "r",
    prepare: offer,
    query: "?consumer=c1&max=4",
    headers: { Upgrade: "websocket" },
  },
  { operation: "pong", title: "with the token", trips: "w", prepare: attach, token: true, body: pingId },
  { operation: "pong", title: "as an owner", trips: "rw", prepare: attach, body: pingId },
  {
    operation: "callTool",
    title: "for the first time",
    trips: "r",
    prepare: provide,
    body: () => ({ ...toolCall, meta: META }),
  },
  {
    operation: "callTool",
    title: "again, when it is settled",
    trips: "r",
    prepare: answer,
    body: () => toolCall,
  },
  { operation: "mcp", title: "tools/list", trips: "r", prepare: provide, body: () => rpc("tools/list") },
  {
    operation: "mcpOfToolset",
    title: "tools/list",
    trips: "r",
    prepare: provide,
    body: () => rpc("tools/list"),
  },
  {
    operation: "mcpOfToolset",
    title: "tools/call",
    trips: "r",
    prepare: provide,
    body: () => rpc("tools/call", { name: ECHO.name, arguments: { text: RESIDENT.secret.length } }),
  },
  { operation: "mcp", title: "a notification", trips: "", body: () => ({ jsonrpc: "2.0", method: "m" }) },
  {
    operation: "mcpOfToolset",
    title: "a notification",
    trips: "",
    body: () => ({ jsonrpc: "2.0", method: "m" }),
  },
  { operation: "serverCard", title: "for the first time", trips: "" },
  { operation: "serverCard", title: "again", trips: "", headers: { "If-None-Match": "*" } },
  { operation: "toolsetServerCard", title: "for the first time", trips: "r", prepare: offer },
  {
    operation: "toolsetServerCard",
    title: "again",
    trips: "r",
    prepare: offer,
    headers: { "If-None-Match": "*" },
  },
  { operation: "callResult", title: "pending", trips: "", prepare: ask },
  { operation: "callResult", title: "done", trips: "", prepare: answer },
  {
    operation: "callResult",
    title: "to a stream's reader who has it all",
    trips: "",
    prepare: answer,
    headers: { Accept: "text/event-stream", "Last-Event-ID": "1" },
  },
  { operation: "cancelCall", title: "that waits", trips: "", prepare: ask },
  { operation: "cancelCall", title: "that a provider has", trips: "", prepare: claimCall },
  {
    operation: "sendDelta",
    title: "a piece, without the token",
    trips: "r",
    prepare: claimCall,
    body: ({ claim_id }) => ({ claim_id, stream: "stdout", delta: "half", seq: 1 }),
  },
  {
    operation: "settleCall",
    title: "with a result, without the token",
    trips: "r",
    prepare: claimCall,
    body: ({ claim_id }) => ({ claim_id, result: { text: "whole" }, bounds: { total: 1 } }),
  },
  {
    operation: "settleCall",
    title: "with a result that breaks the schema",
    trips: "",
    prepare: claimCall,
    token: true,
    body: ({ claim_id }) => ({ claim_id, result: {} }),
  },
  {
    operation: "settleCall",
    title: "with an error",
    trips: "r",
    prepare: claimCall,
    body: ({ claim_id }) => ({
      claim_id,
      error: { code: "missing", message: "no text", issues: [{ field: "text", constraint: "required" }] },
    }),
  },
  { operation: "unregisterToolset", title: "with its token", trips: "rw", prepare: ask, token: true },
  { operation: "ready", title: "the store", trips: "r" },
  { operation: "metrics", title: "of all there is", trips: "rrrrr" },
  {
    operation: "legacyRegister",
    title: "an agent",
    trips: "w",
    body: () => ({ name: "old", type: "worker", host: "h", port: 1, metadata: { a: 1 } }),
  },
  { operation: "legacyHeartbeat", title: "status", trips: "rw", body: () => ({ status: "healthy" }) },
  { operation: "legacyUnregister", title: "the resident", trips: "rw" },
  { operation: "legacyList", title: "all", trips: "r" },
  { operation: "legacyListByType", title: "the resident's", trips: "r" },
  { operation: "legacyGet", title: "the resident", trips: "r" },
  { operation: "unregisterAgent", title: "the resident", trips: "rw", token: true },
  { operation: "unregisterAgents", title: "dry", trips: "rrr", query: "?prefix=resident" },
  {
    operation: "unregisterAgents",
    title: "in earnest",
    trips: "rrrw",
    query: "?prefix=resident&dry_run=false",
  },
  { operation: "health", title: "the Worker", trips: "" },
];

/** The resident, who has something of everything to show, or to give away. */
export const registerResident = (registry: Registry): Promise<Registered> =>
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

/** What an operation may answer, by status. */
export function answersOf({ operation }: Pick<Sample, "operation">): AnswerSpecs {
  const { answers } = (DOCUMENTATION as Documentation)[operation]!;
  return answers;
}

/** Settles the resident, and whatever the sample presupposes besides. */
export async function stage(registry: Registry, sample: Sample): Promise<Setting> {
  const resident = await registerResident(registry);
  return { ...resident, ...(await sample.prepare?.(registry, resident)) };
}

/** Sends a sample; the body's text, because nothing is known of it yet. */
export async function sendSample(registry: Registry, sample: Sample, setting: Setting) {
  const { method, path: pattern } = endpointOf(sample);
  const filled = pattern
    .replace(":id", path(setting.agent_id))
    .replace(":type", path(RESIDENT.type))
    .replace(":service", RESIDENT.service)
    .replace(":name", path(RESIDENT.toolset))
    .replace(":tool", ECHO.name)
    .replace(":key", setting.key_id ?? "none")
    .replace(":subscription", setting.subscription_id ?? "none")
    .replace(":call", setting.call_id ?? "none");
  const body = sample.body?.(setting);
  const response = await registry.fetch(
    filled + (sample.query ?? "").replace(":since", setting.since ?? "none"),
    {
      method,
      headers: {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(sample.token && { "Lease-Token": setting.lease_token }),
        ...sample.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
  );
  closeSocket(response);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
