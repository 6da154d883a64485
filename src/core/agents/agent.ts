import * as z from "zod";
import { bindings } from "../services/binding.ts";
import { AGENT_READ_ONLY, leavingAside } from "../left-aside.ts";
import { entryId, label } from "../names.ts";

/** The statuses that an agent may report. `unreachable` is never reported, only computed (liveness.ts). */
export const REPORTED_STATUSES = [
  "available",
  "busy",
  "degraded",
  "unhealthy",
  "maintenance",
  "draining",
  "offline",
] as const;
export const EFFECTIVE_STATUSES = [...REPORTED_STATUSES, "unreachable"] as const;
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];
export type EffectiveStatus = (typeof EFFECTIVE_STATUSES)[number];

export const METADATA_BYTES_MAX = 16 * 1024;
export const DOCUMENT_BYTES_MAX = 32 * 1024;
export const TTL_SECONDS_MIN = 2;
export const TTL_SECONDS_MAX = 86_400;
export const LOAD_MAX = 1_000_000_000;

export const sizeBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** Accepts `healthy`, an older word for `available`. */
export const reportedStatus = z
  .enum([...REPORTED_STATUSES, "healthy"])
  .transform((status): ReportedStatus => (status === "healthy" ? "available" : status));

/** A status to filter by. Accepts `healthy` too. */
export const effectiveStatus = z
  .enum([...EFFECTIVE_STATUSES, "healthy"])
  .transform((status): EffectiveStatus => (status === "healthy" ? "available" : status));

/** What a discovery may ask for: `accepting` is available, or busy with a load below its maximum. */
export const WANTED_STATUSES = [...EFFECTIVE_STATUSES, "accepting"] as const;
export type WantedStatus = (typeof WANTED_STATUSES)[number];
export const wantedStatus = z
  .enum([...WANTED_STATUSES, "healthy"])
  .transform((status): WantedStatus => (status === "healthy" ? "available" : status));

const currentLoad = z.number().min(0).max(LOAD_MAX);
const healthScore = z.number().min(0).max(1);
const jsonObject = z.record(z.string(), z.unknown());
const metadata = jsonObject.refine(
  (value) => sizeBytes(value) <= METADATA_BYTES_MAX,
  `must be at most ${METADATA_BYTES_MAX} bytes of JSON`,
);
const url = (protocol: RegExp) => z.url({ protocol, hostname: /./ }).max(2048);

const capability = z.strictObject({
  name: label(256),
  description: z.string().max(4096).default(""),
  input_schema: jsonObject.default({}),
  output_schema: jsonObject.default({}),
  required_tools: z.array(label(256)).max(100).default([]),
  cost_estimate: z.number().min(0).default(0),
  avg_duration_seconds: z.number().min(0).default(0),
  tags: z.array(label(128)).max(100).default([]),
});
export type Capability = z.output<typeof capability>;

/** A capability, or only its name: the name is filled up here, so that all other code sees one shape. */
export const capabilityInput = z.union([
  label(256).transform((name): Capability => capability.parse({ name })),
  capability,
]);

/**
 * What an agent registers with. The four fields that a heartbeat may change too, and the two terms of the lease, have no
 * default here: a renewal keeps the first where they are absent, and the deployment sets the defaults of the second.
 */
export const registrationInput = z.strictObject({
  id: entryId.optional(),
  name: label(256),
  type: label(64),
  capabilities: z.array(capabilityInput).max(100).default([]),
  tags: z.array(label(128)).max(100).default([]),
  version: label(64).default("1.0.0"),
  endpoint: url(/^(https?|wss?|grpcs?)$/).optional(),
  host: label(253).optional(),
  port: z.int().min(1).max(65_535).optional(),
  path: z.string().max(1024).optional(),
  health_url: url(/^https?$/).optional(),
  metadata: metadata.optional(),
  status: reportedStatus.optional(),
  current_load: currentLoad.optional(),
  max_concurrency: z.int().min(0).max(LOAD_MAX).nullable().default(10),
  health_score: healthScore.optional(),
  ttl_seconds: z.int().min(TTL_SECONDS_MIN).max(TTL_SECONDS_MAX).optional(),
  heartbeat_interval_seconds: z
    .int()
    .min(1)
    .max(TTL_SECONDS_MAX / 2)
    .nullable()
    .optional(),
  services: bindings.default([]),
});
export type RegistrationInput = z.output<typeof registrationInput>;

/** A registration, or what GET shows of an agent. */
export const shownOrRegistration = leavingAside(AGENT_READ_ONLY, registrationInput);

/**
 * The registration as it is kept: complete. Status and load are in the lease; what it was registered with is kept beside it,
 * unless that is `available` and 0, for when the lease has lapsed.
 */
export type Registration = Omit<
  RegistrationInput,
  | "id"
  | "status"
  | "current_load"
  | "ttl_seconds"
  | "heartbeat_interval_seconds"
  | "metadata"
  | "health_score"
> & {
  id: string;
  metadata: Record<string, unknown>;
  health_score: number;
  status?: ReportedStatus;
  current_load?: number;
  ttl_seconds: number;
  /** null: a static entry, which never calls in and never lapses. */
  heartbeat_interval_seconds: number | null;
  /** The import that registered it (reconciliation.ts). A process says none, so what it registers is no import's. */
  source?: string;
};

/** What a heartbeat may change. What is absent stays unchanged; a null in `metadata` deletes that key. */
export const heartbeatInput = z.strictObject({
  status: reportedStatus.optional(),
  current_load: currentLoad.optional(),
  health_score: healthScore.optional(),
  metadata: metadata.optional(),
});
export type HeartbeatInput = z.output<typeof heartbeatInput>;

/** The deployment's defaults for the two terms of a lease, in seconds. */
export interface LeaseDefaults {
  ttlSeconds: number;
  /** Of agents that register by the older agent API, which cannot say a TTL. */
  legacyTtlSeconds: number;
  heartbeatIntervalSeconds: number;
}
