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

/** @param origin  of the request: each deployment has a page for every `type` (scripts/assets.ts) */
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

/** A refusal as one item of a batch's answer. */
export const itemProblem = ({ status, message, code, options: { errors, action, quota } }: Problem) => ({
  status,
  error: message,
  code,
  ...(errors && { errors }),
  ...(action && { action }),
  ...(quota && { quota }),
});
