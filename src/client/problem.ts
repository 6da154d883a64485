import type { FieldError, ProblemCode } from "../core/problem.ts";

/**
 * A code of the registry (docs/errors.md), or of this client: `network`, the registry cannot be reached or the connection
 * broke; `timeout`, no answer came in time; `unexpected_answer`, the answer is not the registry's.
 */
export type ErrorCode = ProblemCode | "network" | "timeout" | "unexpected_answer";

/** Why a provider was not chosen. */
export interface Reason {
  /** The provider's id. */
  id: string;
  /** The test that it failed. */
  stage: string;
  /** For programs. */
  reason: string;
  /** For people. */
  detail: string;
}

interface Details {
  status?: number | undefined;
  errors?: readonly FieldError[] | undefined;
  action?: string | undefined;
  reasons?: readonly Reason[] | undefined;
  missing?: readonly string[] | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/** A refusal by the registry (RFC 9457), or a failure to reach it. `code` says which; `message` is for people. */
export class RollcallError extends Error {
  override readonly name = "RollcallError";
  readonly code: ErrorCode;
  /** The HTTP status; 0 if no answer came. */
  readonly status: number;
  /** With `invalid_request`: what is wrong with the input, each with an RFC 6901 pointer. At most 20. */
  readonly errors: readonly FieldError[];
  /** `register` where an agent has to register again. */
  readonly action: string | undefined;
  /** With `no_provider_available`: why each provider was not chosen. */
  readonly reasons: readonly Reason[];
  /** With `services_not_ready`: the services without a provider. */
  readonly missing: readonly string[];
  /** How long to wait before the next attempt, where the answer says so (Retry-After). */
  readonly retryAfterMs: number | undefined;
  /** Identifies the request in the registry's log. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 0;
    this.errors = details.errors ?? [];
    this.action = details.action;
    this.reasons = details.reasons ?? [];
    this.missing = details.missing ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.requestId = details.requestId;
  }

  /** Whether the same request may succeed later: no answer, 5xx, 408, 425 or 429. */
  get transient(): boolean {
    const { status } = this;
    return status < 400 || status >= 500 || status === 408 || status === 425 || status === 429;
  }
}

/**
 * Narrows what a request without a signal rejects with, which is a RollcallError. Anything else would be a mistake in this
 * client, and counts as a failure to reach the registry.
 */
export const asRollcallError = (thrown: unknown): RollcallError =>
  thrown instanceof RollcallError ? thrown : new RollcallError("network", String(thrown), { cause: thrown });

/** @param now  ms since the Unix epoch, for a Retry-After that names a date */
export function problemOf(response: Response, text: string, now: number): RollcallError {
  const { status, headers } = response;
  const retryAfterMs = readRetryAfter(headers.get("Retry-After"), now);
  const requestId = headers.get("X-Request-Id") ?? undefined;
  const body = readProblem(text);
  if (!body) {
    const detail = `The answer is not the registry's (status ${status}): is the URL right?`;
    return new RollcallError("unexpected_answer", detail, { status, retryAfterMs, requestId });
  }
  // The code of a newer registry may be unknown here: it is passed on, and the status decides whether to retry.
  const { code, detail, errors, action, reasons, missing } = body;
  return new RollcallError(code, detail ?? code, {
    status,
    errors,
    action,
    reasons,
    missing,
    retryAfterMs,
    requestId,
  });
}

type ProblemBody = Details & { code: ErrorCode; detail?: string };

function readProblem(text: string): ProblemBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isProblem(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

const isProblem = (body: unknown): body is ProblemBody =>
  typeof body === "object" && body !== null && "code" in body && typeof body.code === "string";

/** In ms, from a Retry-After in seconds or as a date (RFC 9110, 10.2.3). */
function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
