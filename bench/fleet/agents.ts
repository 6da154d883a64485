import { createHash } from "node:crypto";
import { leaseToken } from "../../src/registry/lease-token.ts";

/** A namespace of so many agents, with a key of its own. */
export interface Fleet {
  namespace: string;
  size: number;
  apiKey: string;
}

export const fleetOf = (size: number, name = "fleet"): Fleet => ({
  namespace: `${name}-${size}`,
  size,
  apiKey: `bench-key-${name}-${size}`,
});

/** API_KEYS for a deployment that serves these fleets, as its operator would set it. */
export const apiKeysOf = (fleets: readonly Fleet[]): string =>
  JSON.stringify(
    fleets.map(({ namespace, apiKey }) => ({
      name: "bench",
      sha256: createHash("sha256").update(apiKey).digest("hex"),
      scopes: ["read", "write", "admin"],
      namespace,
    })),
  );

// Long enough that nobody falls silent while the bench runs.
export const TERMS = { ttlSeconds: 86_400, intervalSeconds: 43_200 };

export const SERVICE = "llm";
const PROVIDERS = 10;

const TYPES = [
  "research",
  "planner",
  "coder",
  "reviewer",
  "cost",
  "search",
  "vision",
  "speech",
  "tutor",
  "ops",
];

export const idOf = (index: number): string => `agent-${String(index).padStart(6, "0")}`;

/** What agent `index` registers: every one can do "work", each fiftieth has a skill in common, each fifth a zone. */
export const registrationOf = (index: number) => ({
  id: idOf(index),
  name: `Agent ${index}`,
  type: TYPES[index % TYPES.length]!,
  capabilities: [
    {
      name: "work",
      description: "Takes a task in plain words, works on it, and says what came of it",
      input_schema: { type: "object", properties: { task: { type: "string" } }, required: ["task"] },
      cost_estimate: 0.02,
      tags: ["general"],
    },
    `skill-${index % 50}`,
  ],
  tags: [`zone-${index % 5}`],
  endpoint: `https://agents.example.com/${index}`,
  metadata: { team: `team-${index % 20}`, model: "medium", build: "2026.11" },
  health_score: 0.95,
  status: "available",
  current_load: index % 8,
  ttl_seconds: TERMS.ttlSeconds,
  heartbeat_interval_seconds: TERMS.intervalSeconds,
  services: index < PROVIDERS ? [{ service: SERVICE, strategy: "round_robin" }] : [],
});

/** The secret of an agent's lease token: known beforehand, so that the bench can call in for whomever it likes. */
export const secretOf = ({ namespace }: Fleet, index: number): string =>
  createHash("sha256").update(`${namespace}/${index}`).digest("base64url").slice(0, 22);

export const tokenOf = (fleet: Fleet, index: number): string => leaseToken(TERMS, secretOf(fleet, index));
