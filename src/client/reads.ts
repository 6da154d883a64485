import { AnswerCache } from "./answer-cache.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import type { ClientOptions, ReadOptions } from "./options.ts";
import { RollcallError } from "./problem.ts";
import { queryOf, type RequestParts, TIMEOUT_MS, type Transport } from "./transport.ts";

const RETRIES = 2;

/** Transient, but answers: they say how things are now. */
const ANSWERS: ReadonlySet<string> = new Set(["no_provider_available", "services_not_ready"]);

/** s; what the registry allows at most. */
const STALE_IF_ERROR = 300;

/** The same question, to which the registry may answer what it read last while its store is out. */
export const orStale = <Query extends object>(query: Query, { staleOk = false }: ReadOptions) =>
  staleOk ? { ...query, stale_if_error: STALE_IF_ERROR } : query;

const saysStale = (answer: unknown): answer is { stale: true; as_of: string } =>
  typeof answer === "object" && answer !== null && "stale" in answer && answer.stale === true;

/** Whether the registry is out: it gave no answer, or one that says nothing. */
export const isOutage = (thrown: unknown): thrown is RollcallError =>
  thrown instanceof RollcallError && thrown.transient && !ANSWERS.has(thrown.code);

/**
 * A transport whose reads are sent again while the registry is out, after 0.5 to 1 s and then after 1 to 2 s, or when
 * `Retry-After` says, as far as their timeouts allow. A read that may be stale resolves to the last answer then.
 */
export function withReads(transport: Transport, clock: Clock, options: ClientOptions): Transport {
  const cache = new AnswerCache();

  async function retried<T>(path: string, parts: RequestParts): Promise<T> {
    const { retries = RETRIES, timeoutMs: usualMs = TIMEOUT_MS } = options;
    const { signal = new AbortController().signal, timeoutMs = usualMs } = parts;
    const since = clock.now();
    const leftMs = () => timeoutMs - Math.max(0, clock.now() - since);
    for (let failures = 1; ; failures += 1) {
      try {
        return await transport.read<T>(path, { ...parts, timeoutMs: leftMs() });
      } catch (error) {
        if (!isOutage(error) || failures > retries) throw error;
        const pauseMs = backoffMs(clock, failures, Infinity, error.retryAfterMs);
        if (pauseMs >= leftMs()) throw error;
        await wait(clock, pauseMs, signal);
      }
    }
  }

  return {
    ...transport,
    async read<T>(path: string, parts: RequestParts = {}): Promise<T> {
      const { staleOk = false, query } = parts;
      if (!staleOk) return retried(path, parts);
      const asked = path + queryOf(query);
      try {
        const answer = await retried<T>(path, parts);
        if (saysStale(answer)) {
          const error = new RollcallError("store_unavailable", "The registry's store is out.", {
            status: 503,
          });
          return { ...answer, stale: { ageMs: Math.max(0, clock.now() - Date.parse(answer.as_of)), error } };
        }
        cache.keep(asked, answer, clock.now());
        return answer;
      } catch (error) {
        const last = isOutage(error) ? cache.find<T>(asked, error, clock.now()) : undefined;
        if (last === undefined) throw error;
        return last;
      }
    },
  };
}
