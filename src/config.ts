import * as z from "zod";
import { type LeaseDefaults, TTL_SECONDS_MAX, TTL_SECONDS_MIN } from "./core/agents/agent.ts";
import { SCOPES, type Scope } from "./core/authority.ts";
import {
  DEFAULT_QUOTA,
  type Limits,
  limitsWith,
  type Quota,
  type SomeLimits,
  someLimits,
} from "./core/limits.ts";
import { KEPT_MS_DEFAULT } from "./core/toolsets/call.ts";
import type { PingTerms } from "./core/toolsets/health.ts";

export const NAMESPACE_PATTERN = /^[a-z0-9-]{1,63}$/;
export const DEFAULT_NAMESPACE = "default";

/** 256 bits, written in base64. */
const SIGNING_KEY_LENGTH_MIN = 43;

export interface ApiKey {
  name: string;
  scopes: Scope[];
  namespace: string;
  /** Of its entries, where they are not those of every key. */
  limits?: SomeLimits | undefined;
}

export interface RedisDatabase {
  /** Where an id lives follows from the names (store/sharded): one for life. */
  name: string;
  url: string;
  token: string;
  namespaces: readonly string[];
}

export type Access =
  /** Keys by their lowercase hex SHA-256. */
  | { mode: "keys"; keys: ReadonlyMap<string, ApiKey> }
  /** Everyone may do everything, on loopback only. */
  | { mode: "open" }
  /** Nobody may do anything; `why` tells the operator what to set. */
  | { mode: "closed"; why: string };

export interface Config {
  access: Access;
  /** null: the embedded store */
  redis: {
    url: string;
    token: string;
    timeoutMs: number;
    prefix: string;
    reads: "primary" | "nearest";
  } | null;
  /** Further Redis databases. A namespace that one lists lives there; one that several list is spread over them. */
  databases: readonly RedisDatabase[];
  /** Over how many objects each namespace of the embedded store is spread. */
  embeddedShards: number;
  /** Of the proofs in ids that the registry gives out; null: each namespace's store keeps one of its own. */
  signingKey: string | null;
  lease: LeaseDefaults;
  /** How toolsets' providers are asked whether they live. */
  ping: PingTerms;
  /** How long a tool call is kept once it is settled. */
  resultKeptMs: number;
  /** How long events are kept, ms, unless they have more characters than `chars`. */
  eventsKept: { ms: number; chars: number };
  /** How many hubs have the sockets of a region's agents: one for each 10,000. */
  hubsPerRegion: number;
  /** What each namespace may have, and the entries of each key in it. */
  limits: Quota;
  /** How many heartbeats a second the agents of a namespace are to send in all; 0: as many as they do. */
  heartbeatsPerSecondMax: number;
}

const REDIS_URL = /^https?:\/\/[^\s#$./?].\S*$/;
/** As many as the places that a cursor of events has room for. */
const SHARDS_MAX = 16;

const redisDatabases = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[\w-]{1,64}$/),
      url: z.string().regex(REDIS_URL),
      token: z.string().min(1),
      namespaces: z.array(z.string().regex(NAMESPACE_PATTERN)).min(1),
    }),
  )
  .min(1)
  .max(SHARDS_MAX);

const apiKeys = z.array(
  z.strictObject({
    name: z.string().min(1).max(128),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .transform((hex) => hex.toLowerCase()),
    scopes: z.array(z.enum(SCOPES)).min(1),
    namespace: z.string().regex(NAMESPACE_PATTERN).default(DEFAULT_NAMESPACE),
    limits: someLimits.optional(),
  }),
);

/**
 * Reads the environment once. A binding that makes no sense closes the deployment and is named, because half a
 * configuration is worse than none; its value is never repeated, because it may be a secret.
 */
export function parseConfig(env: Readonly<Record<string, unknown>>): Config {
  const bad: string[] = [];
  const text = (name: string): string | undefined => {
    const value = env[name];
    if (value === undefined || value === "") return undefined;
    // wrangler.toml can bind numbers and whole JSON values; one that was passed over in silence would open what it was to close.
    if (typeof value === "string" || typeof value === "number") return String(value);
    bad.push(`${name} must be text`);
    return undefined;
  };
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const raw = text(name);
    if (raw === undefined) return fallback;
    const value = Number(raw);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    bad.push(`${name} must be an integer from ${min} to ${max}`);
    return fallback;
  };

  const ttlSeconds = integer("AGENT_TTL_SECONDS", 300, TTL_SECONDS_MIN, TTL_SECONDS_MAX);
  const lease: LeaseDefaults = {
    ttlSeconds,
    legacyTtlSeconds: integer("LEGACY_TTL_SECONDS", ttlSeconds, TTL_SECONDS_MIN, TTL_SECONDS_MAX),
    heartbeatIntervalSeconds: integer("HEARTBEAT_INTERVAL_SECONDS", 30, 1, TTL_SECONDS_MAX / 2),
  };
  for (const [name, seconds] of [
    ["AGENT_TTL_SECONDS", lease.ttlSeconds],
    ["LEGACY_TTL_SECONDS", lease.legacyTtlSeconds],
  ] as const) {
    if (seconds < 2 * lease.heartbeatIntervalSeconds) {
      bad.push(`${name} must be at least 2 × HEARTBEAT_INTERVAL_SECONDS`);
    }
  }

  const ping: PingTerms = {
    intervalMs: integer("PING_INTERVAL_SECONDS", 10, 1, 3600) * 1000,
    missedMax: integer("MISSED_PING_THRESHOLD", 3, 0, 100),
  };

  const resultKeptMs = integer("RESULT_TTL_SECONDS", KEPT_MS_DEFAULT / 1000, 1, 86_400) * 1000;

  const eventsKept = {
    ms: integer("EVENTS_KEPT_HOURS", 168, 1, 8760) * 3_600_000,
    chars: integer("EVENTS_MEGABYTES", 50, 1, 1000) * 1_000_000,
  };

  const hubsPerRegion = integer("HUBS_PER_REGION", 1, 1, 1000);
  // Half of the commands that an Upstash database takes a second.
  const heartbeatsPerSecondMax = integer("HEARTBEATS_PER_SECOND_MAX", 5000, 0, 1_000_000);

  const limits = {
    namespace: limitsIn("LIMITS", text("LIMITS"), DEFAULT_QUOTA.namespace, bad),
    key: limitsIn("KEY_LIMITS", text("KEY_LIMITS"), DEFAULT_QUOTA.key, bad),
  };

  const url = text("UPSTASH_REDIS_REST_URL");
  const token = text("UPSTASH_REDIS_REST_TOKEN");
  if ((url === undefined) !== (token === undefined)) {
    bad.push("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN go together: set both or neither");
  } else if (url !== undefined && !REDIS_URL.test(url)) {
    bad.push("UPSTASH_REDIS_REST_URL must be an http or https URL");
  }
  const timeoutMs = integer("REDIS_TIMEOUT_MS", 2000, 1, 30_000);
  const prefix = text("REDIS_PREFIX") ?? "rollcall";
  if (!/^[\w-]{1,64}$/.test(prefix)) bad.push("REDIS_PREFIX must be 1 to 64 letters, digits, _ or -");
  const from = text("REDIS_READS") ?? "primary";
  const reads: "primary" | "nearest" = from === "nearest" ? from : "primary";
  if (from !== reads) bad.push('REDIS_READS takes only "primary" and "nearest"');
  const redis = url !== undefined && token !== undefined ? { url, token, timeoutMs, prefix, reads } : null;

  const databases = databasesIn(text("REDIS_DATABASES"), bad);
  if (databases.length > 0 && !redis) {
    bad.push("REDIS_DATABASES goes with UPSTASH_REDIS_REST_URL, where every other namespace lives");
  }
  const embeddedShards = integer("EMBEDDED_SHARDS", 1, 1, SHARDS_MAX);
  if (embeddedShards > 1 && redis) bad.push("EMBEDDED_SHARDS is for the embedded store, and Redis is set");

  const signingKey = text("SIGNING_KEY") ?? null;
  if (signingKey !== null && signingKey.length < SIGNING_KEY_LENGTH_MIN) {
    bad.push(`SIGNING_KEY must have at least ${SIGNING_KEY_LENGTH_MIN} characters`);
  }

  const keys = new Map<string, ApiKey>();
  for (const name of Object.keys(env)
    .filter((key) => /^API_KEYS(_\d+)?$/.test(key))
    .toSorted()) {
    const raw = text(name);
    if (raw === undefined) continue;
    const parsed = apiKeys.safeParse(tryJson(raw));
    if (!parsed.success) {
      bad.push(`${name} must be a JSON list of {name, sha256, scopes, namespace}${whereIn(parsed.error)}`);
      continue;
    }
    for (const { sha256, ...key } of parsed.data) {
      if (keys.has(sha256)) bad.push(`${name} lists one digest twice, and a key cannot be two things`);
      keys.set(sha256, key);
    }
    if (parsed.data.length === 0) bad.push(`${name} is an empty list`);
  }
  const open = text("ACCESS");
  if (open !== undefined && open !== "open") bad.push('ACCESS takes only "open"');

  return {
    access: accessOf(bad, keys, open === "open"),
    redis,
    databases,
    embeddedShards,
    signingKey,
    lease,
    ping,
    resultKeptMs,
    eventsKept,
    hubsPerRegion,
    limits,
    heartbeatsPerSecondMax,
  };
}

/** Limits that are not named stay as they are. */
function limitsIn(name: string, raw: string | undefined, defaults: Limits, bad: string[]): Limits {
  if (raw === undefined) return defaults;
  const parsed = someLimits.safeParse(tryJson(raw));
  if (parsed.success) return limitsWith(defaults, parsed.data);
  bad.push(`${name} must be JSON of {agents, toolsets, terms, bytes, entry_terms}${whereIn(parsed.error)}`);
  return defaults;
}

function databasesIn(raw: string | undefined, bad: string[]): RedisDatabase[] {
  if (raw === undefined) return [];
  const parsed = redisDatabases.safeParse(tryJson(raw));
  if (!parsed.success) {
    bad.push(`REDIS_DATABASES must be a JSON list of {name, url, token, namespaces}${whereIn(parsed.error)}`);
    return [];
  }
  const names = parsed.data.map(({ name }) => name);
  if (new Set(names).size < names.length) bad.push("REDIS_DATABASES gives one name twice");
  return parsed.data;
}

/** Where a list is wrong; not what is there, which may be a secret. */
function whereIn({ issues }: z.ZodError): string {
  const at = issues[0]?.path.join(".");
  return at ? ` (wrong at ${at})` : "";
}

function accessOf(bad: readonly string[], keys: ReadonlyMap<string, ApiKey>, open: boolean): Access {
  if (bad.length > 0) return { mode: "closed", why: `${bad.join("; ")}.` };
  if (keys.size > 0) return { mode: "keys", keys };
  if (open) return { mode: "open" };
  return {
    mode: "closed",
    why: "Set the secret API_KEYS to a JSON list of {name, sha256, scopes, namespace}, or run `npm run dev` for a local registry.",
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The keys of a namespace that are configured. */
export const keysOf = (access: Access, namespace: string): ApiKey[] =>
  access.mode === "keys" ? [...access.keys.values()].filter((key) => key.namespace === namespace) : [];

/** Every namespace that the cron has to sweep, and in which keys are looked for that were made while running. */
export function namespacesOf(access: Access): string[] {
  const named = access.mode === "keys" ? [...access.keys.values()].map(({ namespace }) => namespace) : [];
  return [...new Set([DEFAULT_NAMESPACE, ...named])];
}
