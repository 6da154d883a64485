import type { Problem } from "../../core/problem.ts";
import { errorMessage, RPC } from "../../mcp/protocol.ts";
import type { Dialect } from "./endpoint.ts";
import { htmlReply } from "./html-reply.ts";
import { refusalPage } from "./page.ts";
import { problemBody } from "./problem-body.ts";
import { BARE_JSON, type Reply } from "./reply.ts";

/** What a dialect uses besides the Problem itself. */
interface Refused {
  requestId: string;
  /** The scheme, host and port of the request. */
  origin: string;
}

function headersOf({ status, options, kind }: Problem): Record<string, string> {
  const headers: Record<string, string> = {};
  if (kind.retryAfterSeconds !== undefined) headers["Retry-After"] = String(kind.retryAfterSeconds);
  if (options.allow) headers["Allow"] = options.allow.join(", ");
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="rollcall"';
  // RFC 6750, 3.1.
  if (options.scope) {
    headers["WWW-Authenticate"] =
      `Bearer realm="rollcall", error="insufficient_scope", scope="${options.scope}"`;
  }
  return headers;
}

const asProblem = (problem: Problem, { requestId, origin }: Refused): Reply => ({
  status: problem.status,
  headers: { ...headersOf(problem), "Content-Type": "application/problem+json" },
  body: JSON.stringify(problemBody(problem, requestId, origin)),
});

/** The older agent API answers its own 400 and 404 with nothing but `{"error"}`. */
function asBareError(problem: Problem, refused: Refused): Reply {
  const { status, message } = problem;
  if (status !== 400 && status !== 404) return asProblem(problem, refused);
  const headers = { ...headersOf(problem), "Content-Type": BARE_JSON };
  return { status, headers, body: JSON.stringify({ error: message }) };
}

const asPage = (problem: Problem): Reply =>
  htmlReply(refusalPage(problem.code, problem.message), problem.status, headersOf(problem));

/** JSON-RPC's codes where it has one for the refusal, else the HTTP status: the rest of its range belongs to others. */
function asRpcError(problem: Problem, { requestId, origin }: Refused): Reply {
  const { status, message, options } = problem;
  const code =
    problem.code === "invalid_request" ? RPC.invalidParams : status >= 500 ? RPC.internalError : status;
  const data = { ...problemBody(problem, requestId, origin) };
  const error = errorMessage(options.messageId, { code, message, data });
  const headers = { ...headersOf(problem), "Content-Type": "application/json" };
  return { status, headers, body: JSON.stringify(error) };
}

interface DialectRules {
  refuse(problem: Problem, refused: Refused): Reply;
  /** Unknown query parameters are ignored, and any Content-Type is taken for JSON. */
  lenient: boolean;
  /** A slash at the end of the path is ignored. */
  slashAtTheEnd: boolean;
}

export const DIALECTS: Record<Dialect, DialectRules> = {
  problem: { refuse: asProblem, lenient: false, slashAtTheEnd: false },
  bare: { refuse: asBareError, lenient: true, slashAtTheEnd: true },
  page: { refuse: asPage, lenient: true, slashAtTheEnd: false },
  rpc: { refuse: asRpcError, lenient: false, slashAtTheEnd: false },
};
