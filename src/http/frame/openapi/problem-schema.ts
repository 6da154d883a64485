import { PROBLEMS } from "../../../core/problem.ts";

const text = { type: "string" };

/** `ProblemBody` (../problem-body.ts) as the OpenAPI document shows it. */
export const PROBLEM_SCHEMA = {
  type: "object",
  description: "RFC 9457. Programs go by `code`; more codes may come",
  required: ["type", "title", "status", "detail", "instance", "code", "error"],
  properties: {
    type: { type: "string", format: "uri", description: "A page of this deployment that explains the code" },
    title: text,
    status: { type: "integer" },
    detail: text,
    instance: text,
    code: { type: "string", enum: Object.keys(PROBLEMS) },
    error: { ...text, description: "The detail again, for older clients" },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { pointer: text, detail: text },
        required: ["pointer", "detail"],
      },
    },
    action: { enum: ["register", "stop"], description: "What to do next" },
    reasons: {
      type: "array",
      description: "Why each provider was passed over",
      items: {
        type: "object",
        properties: { id: text, stage: text, reason: text, detail: text },
        required: ["id", "stage", "reason", "detail"],
      },
    },
    last_pong: { type: ["string", "null"], format: "date-time", description: "A toolset's" },
    age_ms: { type: ["integer", "null"], description: "How long ago that was" },
    staleness_threshold_ms: { type: "integer", description: "How long ago it may be" },
    quota: {
      type: "object",
      description:
        "The limit that would be passed: what it bounds, of the namespace or the key, what there is, what there may be",
      required: ["limit", "of", "count", "max"],
      properties: {
        limit: { enum: ["agents", "toolsets", "terms", "bytes", "entry_terms"] },
        of: { enum: ["namespace", "key"] },
        count: { type: "integer" },
        max: { type: "integer" },
      },
    },
    missing: { type: "array", items: text, description: "Services that did not become ready" },
  },
};
