/** What one code means, wherever it is answered. */
interface ProblemKind {
  status: number;
  title: string;
  /** Sent as `Retry-After` unless the refusal says otherwise, in seconds. */
  retryAfterSeconds?: number;
  /** A status of 500 or more that is no fault of the registry, so it is not logged as one. */
  expected?: true;
}

/**
 * Every way Rollcall says no (RFC 9457). Status, title, Retry-After, docs/errors.md, the pages `/errors/{code}` and the
 * OpenAPI document all come from this table.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request does not match the schema" },
  too_many_candidates: { status: 400, title: "Too many candidates for an exact answer" },
  unauthorized: { status: 401, title: "No valid API key was given" },
  forbidden: { status: 403, title: "This caller may not do this" },
  quota_exceeded: { status: 403, title: "There would be more of something than there may be" },
  lease_token_required: { status: 403, title: "The entry's lease token is required" },
  agent_not_found: { status: 404, title: "No live agent has this id" },
  service_not_found: { status: 404, title: "No live agent serves this" },
  provider_not_found: { status: 404, title: "No live agent of this id serves that" },
  toolset_not_found: { status: 404, title: "No toolset has this name" },
  tool_not_found: { status: 404, title: "The toolset has no such tool" },
  call_not_found: { status: 404, title: "No such call is kept" },
  subscription_not_found: { status: 404, title: "No subscription has this id" },
  key_not_found: { status: 404, title: "No live key has this id" },
  route_not_found: { status: 404, title: "No such route" },
  method_not_allowed: { status: 405, title: "The route does not take this method" },
  key_exists: { status: 409, title: "A key of this name exists" },
  epoch_ahead: { status: 409, title: "The lease token is of the future" },
  lease_lost: { status: 409, title: "Another registration holds this id" },
  call_conflict: { status: 409, title: "This tool_call_id was used for another call" },
  call_settled: { status: 409, title: "The call already has its result" },
  claim_lost: { status: 409, title: "The claim has lapsed, or is another's" },
  stale_registration: { status: 410, title: "The toolset has been registered anew" },
  cursor_too_old: { status: 410, title: "The cursor is no longer in the event history" },
  subscription_ended: { status: 410, title: "The subscription has ended" },
  payload_too_large: { status: 413, title: "The payload is too large" },
  stream_full: { status: 413, title: "The call has sent as much as it may besides its result" },
  unsupported_media_type: { status: 415, title: "The body must be JSON" },
  upgrade_required: { status: 426, title: "The route opens a WebSocket" },
  rate_limited: { status: 429, title: "This key sends too many requests", retryAfterSeconds: 10 },
  queue_full: { status: 429, title: "Too many calls wait for this toolset", retryAfterSeconds: 1 },
  internal: { status: 500, title: "Something went wrong on our side" },
  not_configured: {
    status: 503,
    title: "This deployment is not configured",
    retryAfterSeconds: 60,
    expected: true,
  },
  no_provider_available: {
    status: 503,
    title: "Providers there are, but none can be used now",
    retryAfterSeconds: 1,
    expected: true,
  },
  toolset_unhealthy: {
    status: 503,
    title: "No provider of the toolset answers pings",
    retryAfterSeconds: 10,
    expected: true,
  },
  services_not_ready: {
    status: 503,
    title: "Required services are missing",
    retryAfterSeconds: 1,
    expected: true,
  },
  hub_full: {
    status: 503,
    title: "No more sockets can be opened here now",
    retryAfterSeconds: 60,
    expected: true,
  },
  store_unavailable: { status: 503, title: "The store cannot be reached", retryAfterSeconds: 2 },
  store_full: { status: 503, title: "The store is full, or over its quota", retryAfterSeconds: 30 },
  store_contended: { status: 503, title: "Too many writers on one entry", retryAfterSeconds: 1 },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One wrong place in the input: an RFC 6901 pointer into the body, or `/<name>` for a query parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** RFC 6901, from the steps of a path. */
export const pointerTo = (path: readonly PropertyKey[]): string =>
  path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** The detail of a field that a schema does not know. */
export const UNKNOWN_FIELD = "unknown field";

export interface ProblemOptions {
  errors?: FieldError[];
  /** What the asker should do next; clients act on it. To register is to send the lease token along. */
  action?: "register" | "stop";
  /** Why each provider was passed over. */
  reasons?: { id: string; stage: string; reason: string; detail: string }[];
  /** Services that did not become ready in time. */
  missing?: string[];
  /** How long ago a toolset's provider was last heard. */
  health?: { last_pong: string | null; age_ms: number | null; staleness_threshold_ms: number };
  /** Which limit, whose, what there is, and what there may be. */
  quota?: {
    limit: "agents" | "toolsets" | "terms" | "bytes" | "entry_terms";
    of: "namespace" | "key";
    count: number;
    max: number;
  };
  /** The scope that the key lacks. */
  scope?: "read" | "write" | "admin";
  /** Of the JSON-RPC message that is refused. */
  messageId?: string | number | undefined;
  /** Whose key it was, for logs alone, where the refusal comes before it is known who asks. */
  asker?: { name: string | null; namespace: string };
  /** The HTTP methods that the route takes. */
  allow?: string[];
  cause?: unknown;
}

/** A refusal with a code from the table. Its `cause` never reaches a client or a log. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.options = options;
  }

  get kind(): ProblemKind {
    return PROBLEMS[this.code];
  }

  get status(): number {
    return this.kind.status;
  }
}

export const isProblem = (value: unknown): value is Problem => value instanceof Problem;

const ERRORS_SHOWN_MAX = 20;

/** The Problem `invalid_request`: at most 20 errors are shown, each with its pointer. */
export function invalid(errors: readonly FieldError[]): Problem {
  const shown = errors.slice(0, ERRORS_SHOWN_MAX);
  const detail = shown.map((error) => `${error.pointer || "body"}: ${error.detail}`).join("; ");
  const more = errors.length - shown.length;
  return new Problem("invalid_request", more > 0 ? `${detail}; and ${more} more` : detail, { errors: shown });
}

/** @throws {Problem} the result, where it is a refusal */
export function orThrow<T>(result: T | Problem): T {
  if (result instanceof Problem) throw result;
  return result;
}

/**
 * The store, a pool or a gateway did not answer.
 *
 * @param operation  its name, without a key or value: clients and logs show it
 */
export const storeUnavailable = (operation: string, cause: unknown): Problem =>
  new Problem(
    "store_unavailable",
    `The store did not answer (${operation}). Nothing is known about its content: try again.`,
    { cause },
  );

/** The store answers, but takes no more. @param operation as of `storeUnavailable` */
export const storeFull = (operation: string, cause: unknown): Problem =>
  new Problem(
    "store_full",
    `The store is full, or over its quota, and refused (${operation}). Give it more room, or wait until its limit is reset.`,
    { cause },
  );

export const isStoreOut = (error: unknown): boolean =>
  error instanceof Problem && error.code === "store_unavailable";

export const isStoreFull = (error: unknown): boolean =>
  error instanceof Problem && error.code === "store_full";
