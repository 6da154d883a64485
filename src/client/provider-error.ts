import { errorText } from "./error-text.ts";
import type { Reason, RollcallError } from "./problem.ts";

/** One provider that was tried, and failed. */
export interface ProviderFailure {
  /** The provider's id. */
  id: string;
  /** What the function threw; a `TimeoutError` if it had not ended by the deadline. */
  error: unknown;
  latencyMs: number;
}

/** `withProvider` has tried one provider or more, and all of them failed. `cause` is the last one's error. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly service: string;
  /** Those that were tried, in their order; at least one. */
  readonly failures: readonly ProviderFailure[];
  /** Why the registry named no further one; undefined if as many were tried as may be. */
  readonly ended: RollcallError | undefined;
  /** Why each of the others was not chosen; none if as many were tried as may be. */
  readonly reasons: readonly Reason[];

  constructor(service: string, failures: readonly ProviderFailure[], ended?: RollcallError) {
    const tried = failures.map(({ id, error }) => `${id}: ${errorText(error)}`).join("; ");
    const rest = ended ? ` Then: ${ended.message}` : "";
    super(`No provider of "${service}" succeeded: ${tried}.${rest}`, { cause: failures.at(-1)?.error });
    this.service = service;
    this.failures = failures;
    this.ended = ended;
    const ids = new Set(failures.map(({ id }) => id));
    this.reasons = (ended?.reasons ?? []).filter(({ id }) => !ids.has(id));
  }
}
