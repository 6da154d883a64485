import type { FieldError, ProblemCode } from "../core/problem.ts";

/** A code of the registry's own (docs/errors.md), or what kept its answer from arriving. */
export type ErrorCode = ProblemCode | "network" | "timeout" | "unexpected_answer";

/** Why a provider was passed over. */
export interface Reason {
  id: string;
  stage: string;
  reason: string;
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

/** A refusal by the registry (RFC 9457), or a failure to reach it. Tell them apart by `code`; `message` is for people. */
export class RollcallError extends Error {
  override readonly name = "RollcallError";
  readonly code: ErrorCode;
  /** The HTTP status; 0 where no answer came. */
  readonly status: number;
  /** What is wrong with the input, each with an RFC 6901 pointer. */
  readonly errors: readonly FieldError[];
  /** What to do about it, where the registry says so. */
  readonly action: string | undefined;
  /** With `no_provider_available`: why each provider was passed over. */
  readonly reasons: readonly Reason[];
  /** With `services_not_ready`: the services without a provider. */
  readonly missing: readonly string[];
  /** How long the registry asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** Names the request in the registry's log. */
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

  /** Whether the same request may succeed later: the trouble is on the way or at the other end, not in the request. */
  get transient(): boolean {
    const { status } = this;
    return status < 400 || status >= 500 || status === 408 || status === 425 || status === 429;
  }
}

/** @param now  for a Retry-After that names a date */
export function problemOf(response: Response, text: string, now: number): RollcallError {
  const { status, headers } = response;
  const retryAfterMs = readRetryAfter(headers.get("Retry-After"), now);
  const requestId = headers.get("X-Request-Id") ?? undefined;
  const body = readProblem(text);
  if (!body) {
    const detail = `The answer is not the registry's (status ${status}): is the URL right?`;
    return new RollcallError("unexpected_answer", detail, { status, retryAfterMs, requestId });
  }
  // A newer registry may know more codes than this client: they are passed on, and their status says how to treat them.
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
    const body = JSON.parse(text) as Partial<ProblemBody> | null;
    return typeof body?.code === "string" ? (body as ProblemBody) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
