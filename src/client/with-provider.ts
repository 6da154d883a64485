import { type Clock, wait } from "./clock.ts";
import { errorText } from "./error-text.ts";
import type { ReadOptions } from "./options.ts";
import type { Outcomes } from "./outcomes.ts";
import { RollcallError } from "./problem.ts";
import { ProviderError, type ProviderFailure } from "./provider-error.ts";
import type { Services } from "./services.ts";
import type { AgentRecord, ResolveQuery } from "./shapes.ts";

const ATTEMPTS = 3;
/** How many the registry can be told to leave out. */
const EXCLUDED_MAX = 16;
/** The registry's bound, ms. */
const LATENCY_MAX = 86_400_000;

export type WithProviderOptions = Omit<ResolveQuery, "limit" | "explain" | "dry_run" | "max_stale"> &
  Pick<ReadOptions, "staleOk" | "trace"> & {
    /** How many providers are tried at most (3); 1 to 17, less one for each of `exclude`. */
    attempts?: number | undefined;
    /** How long each of them may take, ms (what it was registered with: its breaker's `timeout_duration`). */
    timeoutMs?: number | undefined;
    /** Ends all of it: `withProvider` rejects with its reason, and the call that is under way is not reported. */
    signal?: AbortSignal | undefined;
    /**
     * Whether what the function threw is the provider's failure (always). If not, because the request itself was wrong,
     * `withProvider` rejects with it, tries nobody else, and reports nothing. A missed deadline is always a failure.
     */
    isFailure?: ((error: unknown) => boolean) | undefined;
  };

/** Uses a provider; `signal` is aborted at the deadline, or with the caller's. */
export type UseProvider<T> = (provider: AgentRecord, signal: AbortSignal) => Promise<T> | T;

/** As `Registry.withProvider`. */
export async function withProvider<T>(
  { services, outcomes, clock }: { services: Services; outcomes: Outcomes; clock: Clock },
  service: string,
  options: WithProviderOptions,
  use: UseProvider<T>,
): Promise<T> {
  const { attempts = ATTEMPTS, timeoutMs, isFailure = () => true, exclude = [], ...asked } = options;
  const { signal = new AbortController().signal, staleOk, trace, ...query } = asked;
  const excluded = [exclude].flat();
  const most = EXCLUDED_MAX + 1 - excluded.length;
  if (!(attempts >= 1 && attempts <= most))
    throw new RangeError(`attempts must be 1 to ${most}, not ${attempts}`);

  const failures: ProviderFailure[] = [];
  /** @throws {ProviderError} if there is nobody further */
  const next = async () => {
    const tried = failures.map(({ id }) => id);
    try {
      const wanted = { ...query, exclude: [...excluded, ...tried] };
      return await services.resolve(service, wanted, { signal, staleOk, trace });
    } catch (error) {
      if (failures.length === 0 || !(error instanceof RollcallError)) throw error;
      throw new ProviderError(service, failures, error);
    }
  };

  while (failures.length < attempts) {
    const { provider, selection_id, deadline_seconds } = await next();
    signal.throwIfAborted();
    const { id } = provider;
    const since = clock.now();
    const latencyMs = () => Math.min(Math.max(0, clock.now() - since), LATENCY_MAX);
    const report = (outcome: { success: boolean; latency_ms: number; error?: string }) =>
      outcomes.add({ service, provider_id: id, selection_id, ...outcome });
    const deadlineMs = timeoutMs ?? deadline_seconds * 1000;
    const late = new DOMException(`No result within ${deadlineMs} ms.`, "TimeoutError");
    try {
      const result = await inTime(clock, deadlineMs, late, signal, async (ending) => use(provider, ending));
      report({ success: true, latency_ms: latencyMs() });
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (error !== late && !isFailure(error)) throw error;
      const failure = { id, error, latencyMs: latencyMs() };
      failures.push(failure);
      report({ success: false, latency_ms: failure.latencyMs, error: errorText(error) });
    }
  }
  throw new ProviderError(service, failures);
}

/**
 * Ends with `work`, or when its time is over or `signal` is aborted, whether `work` heeds its signal or not.
 *
 * @param signal  not aborted yet
 * @throws `late`, the signal's reason, or what `work` throws before either
 */
async function inTime<T>(
  clock: Clock,
  ms: number,
  late: Error,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const ended = new AbortController();
  const abort = () => ending.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const over = new Promise<never>((_, reject) => {
    ending.signal.addEventListener("abort", () => reject(ending.signal.reason as Error));
  });
  // Not once it has ended: a body that it has yet to read is not torn off.
  void wait(clock, ms, ended.signal).then(() => ended.signal.aborted || ending.abort(late));
  try {
    return await Promise.race([over, work(ending.signal)]);
  } finally {
    ended.abort();
    signal.removeEventListener("abort", abort);
  }
}
