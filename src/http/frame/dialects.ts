import { type FieldError, type Problem, PROBLEMS } from "../../core/problem.ts";
import type { Reply } from "./reply.ts";

/** Where the codes are explained. A type is a name (RFC 9457, 3.1.1), so it stays the same on every deployment. */
const TYPE_BASE = "https://rollcall.example/errors/";

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  /** The detail again, where source 2's clients look for it. */
  error: string;
  errors?: FieldError[];
  action?: string;
  reasons?: { id: string; stage: string; reason: string; detail: string }[];
  missing?: string[];
  last_pong?: string | null;
  age_ms?: number | null;
  staleness_threshold_ms?: number;
}

export function problemBody(problem: Problem, requestId: string): ProblemBody {
  const { code, message, options } = problem;
  const { errors, action, reasons, missing, health } = options;
  return {
    type: TYPE_BASE + code,
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
    ...health,
  };
}

/** @param legacy source 2 answers its own 400 and 404 with nothing but `{"error"}` */
export function problemReply(problem: Problem, requestId: string, legacy: boolean): Reply {
  const { status, message, options } = problem;
  const { allow } = options;
  const { retryAfterSeconds } = problem.kind;
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  if (retryAfterSeconds !== undefined) headers["Retry-After"] = String(retryAfterSeconds);
  if (allow) headers["Allow"] = allow.join(", ");
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="rollcall"';
  if (legacy && (status === 400 || status === 404)) {
    headers["Content-Type"] = "application/json";
    return { status, headers, body: JSON.stringify({ error: message }) };
  }
  return { status, headers, body: JSON.stringify(problemBody(problem, requestId)) };
}

/** A refusal as one item of a batch answer. */
export const itemProblem = ({ status, message, code, options: { errors, action } }: Problem) => ({
  status,
  error: message,
  code,
  ...(errors && { errors }),
  ...(action && { action }),
});
