import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ProviderError, RollcallError } from "../../src/client/index.ts";
import { wait } from "../../src/client/clock.ts";
import type { Weather } from "../support/network.ts";
import { counted, serviceOf } from "../support/service.ts";

const fault = fc.constantFrom<Weather>(
  { kind: "cut" },
  { kind: "cut-reply" },
  { kind: "stall" },
  { kind: "late", ms: 12_000 },
  { kind: "answer", status: 429 },
  { kind: "answer", status: 503, retryAfter: 3 },
);
/** What each request meets, in their order; those after it meet fine weather. */
const resolving = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constant<Weather>({ kind: "fine" }) }, fault),
  {
    maxLength: 12,
  },
);
/** Fewer than after what outcomes are given up. */
const reporting = fc.array(fault, { maxLength: 7 });

const DEADLINE_MS = 5000;
/** How a provider carries out a call. */
const execution = fc.record({
  does: fc.constantFrom("succeed", "succeed", "throw", "blame-request", "ignore-signal"),
  ms: fc.integer({ min: 0, max: 2 * DEADLINE_MS }),
});
const call = fc.record({
  executions: fc.array(execution, { minLength: 4, maxLength: 4 }),
  attempts: fc.integer({ min: 1, max: 5 }),
  /** When its caller gives it up, ms. */
  abortMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
});

interface Done {
  provider: string;
  how: "success" | "failure" | "not-reported";
}

/** Whether what became of a call follows from what its providers did, in their order. */
function isExplained(
  result: unknown,
  executions: readonly Done[],
  attempts: number,
  providers: number,
): boolean {
  const tried = executions.map(({ provider }) => provider);
  if (new Set(tried).size < tried.length) return false;
  const haveFailed = (some: readonly Done[]) => some.every(({ how }) => how === "failure");
  if (result instanceof RollcallError)
    return tried.length === 0 && (result.transient || result.code === "service_not_found");
  if (result instanceof ProviderError) {
    const { failures, reasons, ended } = result;
    if (!haveFailed(executions) || failures.map(({ id }) => id).join() !== tried.join()) return false;
    if (!ended) return tried.length === attempts;
    return ended.code === "no_provider_available"
      ? tried.length + reasons.length === providers
      : ended.transient;
  }
  const last = executions.at(-1);
  if (!haveFailed(executions.slice(0, -1))) return false;
  if (result === "enough") return last?.how !== "success";
  if (result === "bad request") return last?.how === "not-reported";
  return result === last && last?.how === "success";
}

it("under any faults of providers and registry, a success is one execution's, a failure has its reasons, and each outcome counts once", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 0, max: 4 }),
    resolving,
    reporting,
    fc.array(call, { minLength: 1, maxLength: 5 }),
    async (providers, resolves, reports, calls) => {
      const ids = ["a", "b", "c", "d"].slice(0, providers);
      const { network, client } = await serviceOf(ids, { timeout_duration: DEADLINE_MS / 1000 });
      const weathers = { resolve: [...resolves], outcomes: [...reports] };
      network.weather = (path) =>
        weathers[path.endsWith("/outcomes") ? "outcomes" : "resolve"].shift() ?? { kind: "fine" };
      const done: Done[] = [];

      const made = async ({ executions, attempts, abortMs = Infinity }: (typeof calls)[number]) => {
        const caller = new AbortController();
        const over = new AbortController();
        void wait(network.clock, abortMs, over.signal).then(
          () => over.signal.aborted || caller.abort("enough"),
        );
        const mine: Done[] = [];
        const isFailure = (error: unknown) => error !== "bad request";
        const result = await client
          .withProvider("llm", { attempts, isFailure, signal: caller.signal }, async ({ id }, signal) => {
            const { does, ms } = executions[mine.length]!;
            const one: Done = { provider: id, how: "not-reported" };
            mine.push(one);
            const isOver = does === "ignore-signal" || ms >= DEADLINE_MS;
            signal.addEventListener("abort", () => {
              one.how = caller.signal.aborted ? "not-reported" : "failure";
            });
            await wait(network.clock, isOver ? 2 * DEADLINE_MS : ms, new AbortController().signal);
            if (signal.aborted) return one;
            if (does === "blame-request") throw "bad request";
            one.how = does === "throw" ? "failure" : "success";
            if (does === "throw") throw new Error("broken");
            return one;
          })
          .catch((error: unknown) => error);
        over.abort();
        done.push(...mine);
        expect({ result, mine, is: isExplained(result, mine, attempts, ids.length) }).toMatchObject({
          is: true,
        });
      };
      await network.until(Promise.all(calls.map(made)));
      await network.until(client.flush(), 3_600_000);
      await network.pass(60_000);

      const of = (id: string, how: Done["how"]) =>
        done.filter((one) => one.provider === id && one.how === how).length;
      const found = await counted(network);
      for (const id of ids)
        expect(found[id] ?? { successes: 0, failures: 0 }).toEqual({
          successes: of(id, "success"),
          failures: of(id, "failure"),
        });
      expect(network.clock.pendingTimers).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 30, interruptAfterTimeLimit: 30_000 });
});
