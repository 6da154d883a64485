import type { Examples } from "./frame/openapi/example.ts";

/**
 * The value of a parameter of the path, or of a header, in every example. What an answer gives out stands as `<field>`: an
 * example is to be sent with what an earlier answer had there.
 */
const names: Examples["names"] = {
  id: "agent/scout",
  type: "scout",
  service: "search",
  name: "team/tools",
  tool: "echo",
  call: "<call_id>",
  key: "<id>",
  subscription: "<id>",
  "Lease-Token": "<lease_token>",
  Upgrade: "websocket",
};

const capability = ["web_search"];
const claim_id = "<claim_id>";
const agent = { name: "Scout", type: names["type"] };
const listTools = { jsonrpc: "2.0", id: 1, method: "tools/list" };

const requests: Examples["requests"] = {
  registerAgent: {
    body: {
      id: names["id"],
      ...agent,
      capabilities: capability,
      tags: ["eu"],
      services: [{ service: "search" }],
    },
  },
  listAgents: { query: { type: "scout" } },
  unregisterAgents: { query: { prefix: "agent/" } },
  heartbeat: { body: { status: "available", current_load: 2 } },
  heartbeats: {
    body: { heartbeats: [{ id: names["id"], lease_token: "<lease_token>", status: "available" }] },
  },
  importAgents: {
    query: { static: "true", source: "agents.json" },
    body: { components: [{ type: "skill", name: "summarize", activated: true }] },
  },
  discover: { query: { capability } },
  watchAgents: { query: { capability } },
  restore: {
    query: { dry_run: "true" },
    body: {
      kind: "agent",
      agent: { id: "skill/draw", name: "draw", type: "skill", heartbeat_interval_seconds: null },
    },
  },
  createKey: { body: { name: "ci", scopes: ["read"] } },
  subscribe: {
    body: {
      url: "https://receiver.example/hooks",
      types: ["lapsed", "reaped"],
      filter: { prefix: "agent/" },
    },
  },
  rotateSubscription: { body: { overlap_seconds: 3600 } },
  rotateKey: { body: { overlap_seconds: 3600 } },
  resolveService: { query: { explain: "true" } },
  reportOutcomes: {
    body: {
      service: "search",
      provider_id: names["id"],
      selection_id: "<selection_id>",
      success: true,
      latency_ms: 120,
    },
  },
  servicesReady: { query: { service: ["search"] } },
  setServicePriority: { body: { priority: "HIGH" } },
  registerToolset: {
    body: {
      name: names["name"],
      tools: [
        {
          name: "echo",
          description: "Repeats a text",
          payload_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
        },
      ],
    },
  },
  searchToolsets: { query: { q: "tools" } },
  callTool: { body: { payload: { text: "hello" }, meta: { run_id: "run-1", session_id: "session-1" } } },
  claimCalls: { body: { consumer: "c1" } },
  openProviderSocket: { query: { consumer: "c1" } },
  pong: { body: { ping_id: "<ping_id>" } },
  sendDelta: { body: { claim_id, stream: "stdout", delta: "hel" } },
  settleCall: { body: { claim_id, result: { text: "hello" } } },
  mcp: { body: listTools },
  mcpOfToolset: { body: listTools },
  legacyRegister: { body: { ...agent, host: "scout.example", port: 8080 } },
  legacyHeartbeat: { body: { status: "healthy" } },
};

/** The examples of the OpenAPI document: one story, of which the tests send every request. */
export const EXAMPLES: Examples = { names, requests };
