import { type FieldError, type Problem, PROBLEMS } from "../../core/problem.ts";
import { keyPage, refusalPage } from "../../dashboard/page.ts";
import type { Dialect } from "./endpoint.ts";
import { htmlReply, type Reply } from "./reply.ts";

/** The base of a problem's `type`. A type is a name (RFC 9457, 3.1.1), so it is the same on every deployment. */
const TYPE_BASE = "https://rollcall.example/errors/";

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  /** The detail again: the older agent API's clients look for it here. */
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

/** What a refusal answers besides the Problem itself. */
interface Refused {
  requestId: string;
  /** Whether the request came with an `Authorization` header. */
  sentKey: boolean;
}

function headersOf({ status, options, kind }: Problem): Record<string, string> {
  const headers: Record<string, string> = {};
  if (kind.retryAfterSeconds !== undefined) headers["Retry-After"] = String(kind.retryAfterSeconds);
  if (options.allow) headers["Allow"] = options.allow.join(", ");
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="rollcall"';
  return headers;
}

const asProblem = (problem: Problem, { requestId }: Refused): Reply => ({
  status: problem.status,
  headers: { ...headersOf(problem), "Content-Type": "application/problem+json" },
  body: JSON.stringify(problemBody(problem, requestId)),
});

/** The older agent API answers its own 400 and 404 with nothing but `{"error"}`. */
function asBareError(problem: Problem, refused: Refused): Reply {
  const { status, message } = problem;
  if (status !== 400 && status !== 404) return asProblem(problem, refused);
  const headers = { ...headersOf(problem), "Content-Type": "application/json" };
  return { status, headers, body: JSON.stringify({ error: message }) };
}

/** A reader without a key is not refused: the page asks for one. */
function asPage(problem: Problem, { sentKey }: Refused): Reply {
  const { code, message, status } = problem;
  if (code !== "unauthorized") return htmlReply(refusalPage(code, message), status, headersOf(problem));
  return sentKey
    ? htmlReply(keyPage("This key is not known here."), status, headersOf(problem))
    : htmlReply(keyPage(), 200);
}

interface DialectRules {
  refuse(problem: Problem, refused: Refused): Reply;
  /** Unknown query parameters are ignored, and any Content-Type is taken for JSON. */
  lenient: boolean;
}

export const DIALECTS: Record<Dialect, DialectRules> = {
  problem: { refuse: asProblem, lenient: false },
  bare: { refuse: asBareError, lenient: true },
  page: { refuse: asPage, lenient: true },
};

/** A refusal as one item of a batch's answer. */
export const itemProblem = ({ status, message, code, options: { errors, action } }: Problem) => ({
  status,
  error: message,
  code,
  ...(errors && { errors }),
  ...(action && { action }),
});
