import { type FieldError, type Problem, type ProblemOptions, PROBLEMS } from "../../core/problem.ts";

/** A refusal as it is sent, RFC 9457. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  /** The detail again: clients of the older agent API read it here. */
  error: string;
  errors?: FieldError[];
  action?: string;
  reasons?: { id: string; stage: string; reason: string; detail: string }[];
  missing?: string[];
  quota?: ProblemOptions["quota"];
  last_pong?: string | null;
  age_ms?: number | null;
  staleness_threshold_ms?: number;
}

/** @param origin  of the request: each deployment has a page for every `type` (routes/pages.ts) */
export function problemBody(problem: Problem, requestId: string, origin: string): ProblemBody {
  const { code, message, options } = problem;
  const { errors, action, reasons, missing, quota, health } = options;
  return {
    type: `${origin}/errors/${code}`,
    title: PROBLEMS[code].title,
    status: problem.status,
    detail: message,
    instance: `urn:request:${requestId}`,
    code,
    error: message,
    ...(errors && { errors }),
    ...(action && { action }),
    ...(reasons && { reasons }),
    ...(missing && { missing }),
    ...(quota && { quota }),
    ...health,
  };
}

const text = { type: "string" };

/** `ProblemBody` as the OpenAPI document shows it. */
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

/** A refusal as one item of a batch's answer. */
export const itemProblem = ({ status, message, code, options: { errors, action, quota } }: Problem) => ({
  status,
  error: message,
  code,
  ...(errors && { errors }),
  ...(action && { action }),
  ...(quota && { quota }),
});
