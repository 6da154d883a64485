/**
 * Every way Rollcall says no (RFC 9457). Status, title, docs/errors.md and the OpenAPI document all come from this table.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request does not match the schema" },
  too_many_candidates: { status: 400, title: "Too many candidates for an exact answer" },
  unauthorized: { status: 401, title: "No valid API key was given" },
  forbidden: { status: 403, title: "This caller may not do this" },
  lease_token_required: { status: 403, title: "The entry's lease token is required" },
  agent_not_found: { status: 404, title: "No live agent has this id" },
  service_not_found: { status: 404, title: "No live agent serves this" },
  provider_not_found: { status: 404, title: "No live agent of this id serves that" },
  toolset_not_found: { status: 404, title: "No toolset has this name" },
  tool_not_found: { status: 404, title: "The toolset has no such tool" },
  call_not_found: { status: 404, title: "No such call is kept" },
  route_not_found: { status: 404, title: "No such route" },
  method_not_allowed: { status: 405, title: "The route does not take this method" },
  lease_lost: { status: 409, title: "Another registration holds this id" },
  call_conflict: { status: 409, title: "This tool_call_id was used for another call" },
  call_settled: { status: 409, title: "The call already has its result" },
  claim_lost: { status: 409, title: "The claim has lapsed, or is another's" },
  stale_registration: { status: 410, title: "The toolset has been registered anew" },
  cursor_too_old: { status: 410, title: "The cursor is no longer in the event history" },
  payload_too_large: { status: 413, title: "The payload is too large" },
  stream_full: { status: 413, title: "The call has sent as much as it may besides its result" },
  unsupported_media_type: { status: 415, title: "The body must be JSON" },
  upgrade_required: { status: 426, title: "The route opens a WebSocket" },
  queue_full: { status: 429, title: "Too many calls wait for this toolset" },
  internal: { status: 500, title: "Something went wrong on our side" },
  not_configured: { status: 503, title: "This deployment is not configured" },
  no_provider_available: { status: 503, title: "Providers there are, but none can be used now" },
  toolset_unhealthy: { status: 503, title: "No provider of the toolset answers pings" },
  services_not_ready: { status: 503, title: "Required services are missing" },
  store_unavailable: { status: 503, title: "The store cannot be reached" },
  store_contended: { status: 503, title: "Too many writers on one entry" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One offending place in the input: an RFC 6901 pointer into the body, or `/<name>` for a query parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}

export interface ProblemOptions {
  errors?: FieldError[];
  /** What the caller should do next; machine-readable, because clients act on it. */
  action?: "register";
  retryAfterSeconds?: number;
  /** Why each provider was passed over. */
  reasons?: { id: string; stage: string; reason: string; detail: string }[];
  /** Services that did not become ready in time. */
  missing?: string[];
  /** How long ago a toolset's provider was last heard. */
  health?: { last_pong: string | null; age_ms: number | null; staleness_threshold_ms: number };
  /** HTTP methods the route does take. */
  allow?: string[];
  cause?: unknown;
}

/**
 * A refusal with a code from the table. Only `detail`, `errors` and `action` ever reach a client; `cause` never does.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** Turns a refusal that travelled as a value back into a throw, at the edge where there is only one item to answer. */
export function accept<T>(result: T | Problem): T {
  if (result instanceof Problem) throw result;
  return result;
}

/** Trouble between us and the store. Says which operation, never which command, key or value. */
export function storeUnavailable(operation: string, cause: unknown): Problem {
  return new Problem(
    "store_unavailable",
    `The store did not answer (${operation}). Nothing is known about its content: try again.`,
    { retryAfterSeconds: 2, cause },
  );
}
