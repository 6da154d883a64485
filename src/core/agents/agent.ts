import * as z from "zod";

/** What an agent may say of itself. `unreachable` is never reported, only computed (core/liveness.ts). */
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

// Names become parts of keys and of log lines, so nothing invisible gets in, nor a lone surrogate that UTF-8 cannot carry.
const INVISIBLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
export const label = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !INVISIBLE.test(text), "must not contain control characters");

export const entryId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}$/,
    "must be 1 to 256 of A-Z a-z 0-9 . _ : / @ -, beginning with a letter or digit",
  );

/** Accepts `healthy`, the older systems' word, and means `available` by it. */
export const reportedStatus = z
  .enum([...REPORTED_STATUSES, "healthy"])
  .transform((status): ReportedStatus => (status === "healthy" ? "available" : status));

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

/** A bare name is the common case; it is widened here so that everything behind sees one shape. */
export const capabilityInput = z.union([
  label(256).transform((name): Capability => capability.parse({ name })),
  capability,
]);

export const PRIORITIES = { CRITICAL: 0, HIGH: 1, NORMAL: 2, LOW: 3, FALLBACK: 9 } as const;
export type PriorityName = keyof typeof PRIORITIES;
export const PRIORITY_NAMES = Object.keys(PRIORITIES) as PriorityName[];
/** The name of a priority; the number itself where it has none. */
export const priorityName = (value: number): string =>
  PRIORITY_NAMES.find((name) => PRIORITIES[name] === value) ?? String(value);
export const STRATEGIES = ["fallback", "round_robin"] as const;

/** A priority by its name in any case, or by its number. */
const priority = z.union([
  z.literal(Object.values(PRIORITIES)),
  z
    .string()
    .transform((name) => name.toUpperCase())
    .pipe(z.enum(PRIORITY_NAMES))
    .transform((name): number => PRIORITIES[name]),
]);

/** An agent's offer to serve one service (design, section 6). */
const binding = z.strictObject({
  service: label(256),
  handler: label(256).default("*"),
  priority: priority.default(PRIORITIES.NORMAL),
  priority_group: z.int().min(0).max(1000).default(0),
  strategy: z
    .string()
    .transform((name) => name.toLowerCase())
    .pipe(z.enum(STRATEGIES))
    .default("fallback"),
  capabilities: z.array(label(256)).max(100).optional(),
  circuit_breaker: z
    .strictObject({
      failure_threshold: z.int().min(1).max(1000).default(5),
      recovery_timeout: z.number().min(0).max(86_400).default(60),
      success_threshold: z.int().min(1).max(1000).default(3),
      timeout_duration: z.number().positive().max(3600).default(30),
    })
    .optional(),
});

export type Binding = z.output<typeof binding>;

/** Two offers for one service and handler could not both be meant, and nothing could tell them apart later. */
const bindings = z
  .array(binding)
  .max(100)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach(({ service, handler }, index) => {
      const pair = JSON.stringify([service, handler]);
      if (seen.has(pair)) {
        context.addIssue({
          code: "custom",
          path: [index],
          message: "offers the same service to the same handler again",
        });
      }
      seen.add(pair);
    });
  });

/**
 * What `POST /v1/agents` takes. The four fields that a heartbeat may also change, and the two terms that the deployment
 * may set a default for, stay absent when absent: a renewal must be able to tell "not said" from "said the default".
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

/** What a heartbeat may carry. Absent means unchanged; a null in `metadata` deletes that key. */
export const heartbeatInput = z.strictObject({
  status: reportedStatus.optional(),
  current_load: currentLoad.optional(),
  health_score: healthScore.optional(),
  metadata: metadata.optional(),
});
export type HeartbeatInput = z.output<typeof heartbeatInput>;

/** One item of an activation file (source 0's bulk format). */
export const activationItem = z.strictObject({
  type: label(64),
  name: label(256),
  activated: z.boolean().default(false),
  version: label(64).default("1.0.0"),
  path: z.string().max(1024).default(""),
  activated_at: z.unknown().optional(),
  reason: z.unknown().optional(),
});

/** The deployment's defaults for the two terms of a lease, in seconds. */
export interface LeaseDefaults {
  ttlSeconds: number;
  heartbeatIntervalSeconds: number;
}
