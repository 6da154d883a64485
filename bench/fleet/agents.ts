import { createHash } from "node:crypto";

/** A namespace with a number of agents, and its API key. */
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

/** The variable API_KEYS for a deployment that serves these fleets. */
export const apiKeysOf = (fleets: readonly Fleet[]): string =>
  JSON.stringify(
    fleets.map(({ namespace, apiKey }) => ({
      name: "bench",
      sha256: createHash("sha256").update(apiKey).digest("hex"),
      scopes: ["read", "write", "admin"],
      namespace,
    })),
  );

// Long enough that no agent becomes unreachable while the bench runs.
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

/** The registration of agent `index`. All have the capability "work"; one in 50 shares a skill, one in 5 a zone. */
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

const COMMON_TOPICS = 42;
const RARE_TOPICS = 18;

/**
 * As `registrationOf`, with topics: a fleet of them has 127 terms, 58 of which a tenth of the fleet or more share. Scripts that
 * grow with members under a term show there.
 */
export const crowdedRegistrationOf = (index: number) => {
  const registration = registrationOf(index);
  const common = Array.from(
    { length: COMMON_TOPICS / 6 },
    (_, i) => `common-${(index + i * 6) % COMMON_TOPICS}`,
  );
  return { ...registration, tags: [...registration.tags, ...common, `rare-${index % RARE_TOPICS}`] };
};

/** The secret in an agent's lease token, derived from its index, so that the bench needs to store none. */
export const secretOf = ({ namespace }: Fleet, index: number): string =>
  createHash("sha256").update(`${namespace}/${index}`).digest("base64url").slice(0, 22);

/** The epoch of every registration. */
export const EPOCH = 1;

export const tokenOf = (fleet: Fleet, index: number): string =>
  `${TERMS.ttlSeconds}.${TERMS.intervalSeconds}.${EPOCH}.${secretOf(fleet, index)}`;
