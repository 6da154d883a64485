import type { AgentRecord } from "../../src/core/agents/record.ts";
import { applyFilter } from "../../src/dashboard/filter.ts";
import type { AgentView, Filter, Overview } from "../../src/dashboard/view.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** An agent as readers see it, with `text` wherever an agent may write what it likes. */
export function recordWith(text: string, fields: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id: "agent/a",
    name: text,
    type: text,
    capabilities: [text, `${text}2`, `${text}3`].map((name) => ({
      name,
      description: text,
      input_schema: { [text]: text },
      output_schema: { [text]: text },
      required_tools: [text],
      cost_estimate: 1,
      avg_duration_seconds: 1,
      tags: [text],
    })),
    tags: [text],
    version: text,
    endpoint: text,
    health_url: text,
    metadata: { [text]: text },
    max_concurrency: 10,
    health_score: 1,
    ttl_seconds: 300,
    heartbeat_interval_seconds: 30,
    services: [{ service: text, handler: text, priority: 2, priority_group: 0, strategy: "fallback" }],
    status: "available",
    effective_status: "unreachable",
    status_reason: text,
    current_load: 3,
    load_ratio: 0.3,
    last_seen: AT,
    age_ms: 0,
    expires_at: AT,
    registered_at: AT,
    region: { colo: text, country: text, continent: text },
    owner: text,
    ...fields,
  };
}

/** The overview of one such agent, with `text` also in every other field that comes from outside. */
export const EVENT = { revision: 1, type: "registered", kind: "agent", id: "a", at: AT } as const;

export function overviewWith(text: string): Overview {
  const filter: Filter = { q: text, type: text, capability: text, region: text };
  return {
    as_of: AT,
    namespace: text,
    backend: "embedded",
    filter,
    ...applyFilter([recordWith(text)], filter),
    total: 2,
    lapsed: 0,
    recovering: false,
    partial: true,
    services: [
      {
        service: text,
        pool: {
          providers: [
            {
              id: text,
              handler: text,
              group: 0,
              priority: "NORMAL",
              strategy: "fallback",
              circuit: "open",
              obstacle: text,
            },
          ],
          selections: [
            {
              at: AT,
              handler: text,
              capabilities: [text],
              provider: text,
              reasons: [{ id: text, detail: text }],
            },
          ],
        },
      },
      { service: `${text} too`, pool: null },
    ],
    servicesLeftOut: 1,
    toolsets: [
      { name: text, description: text, version: text, tags: [text], tools: 1, healthy: true, last_seen: AT },
    ],
    events: [{ ...EVENT, id: text, actor: { type: "key", name: text } }],
    sweep: null,
  };
}

export const agentWith = (text: string): AgentView => ({
  as_of: AT,
  id: text,
  agent: recordWith(text),
  events: [{ ...EVENT, id: text, actor: { type: "key", name: text } }],
  examined: 1,
});
