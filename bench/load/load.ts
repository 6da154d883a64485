import { setTimeout as sleep } from "node:timers/promises";
import { CALLERS } from "../plan.ts";
import { ascending, quantile } from "./statistics.ts";
import { cpuMs } from "./usage.ts";

/** Sends one request; rejects if the answer is not the expected one. */
export type Operation = (nth: number) => Promise<unknown>;

export interface Timing {
  operations: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** ms of CPU of the watched process, per operation. */
  cpuMs: number;
}

let nth = 0;

/** Each caller sends its next request as soon as it has the answer to its last. */
export async function closedLoop(
  operation: Operation,
  { callers, ms, pid }: { callers: number; ms: number; pid: number },
): Promise<Timing> {
  const latencies: number[] = [];
  const cpuBefore = cpuMs(pid);
  const startedAt = performance.now();
  const until = startedAt + ms;
  async function call(): Promise<void> {
    for (let at = performance.now(); at < until;) {
      await operation(nth++);
      const answeredAt = performance.now();
      latencies.push(answeredAt - at);
      at = answeredAt;
    }
  }
  await Promise.all(Array.from({ length: callers }, call));
  return timingOf(latencies, performance.now() - startedAt, cpuMs(pid) - cpuBefore);
}

/** Requests at a fixed rate. A latency counts from when its request was due, so that a stall is not hidden. */
export async function openLoop(
  operation: Operation,
  { perSecond, ms, pid }: { perSecond: number; ms: number; pid: number },
): Promise<Timing> {
  const latencies: number[] = [];
  const calls: Promise<void>[] = [];
  const cpuBefore = cpuMs(pid);
  const startedAt = performance.now();
  const total = Math.floor((perSecond * ms) / 1000);
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000));
    while (calls.length < due) {
      const dueAt = startedAt + (calls.length / perSecond) * 1000;
      calls.push(operation(nth++).then(() => void latencies.push(performance.now() - dueAt)));
    }
    await sleep(1);
  }
  await Promise.all(calls);
  return timingOf(latencies, performance.now() - startedAt, cpuMs(pid) - cpuBefore);
}

function timingOf(latencies: readonly number[], elapsedMs: number, cpu: number): Timing {
  const sorted = ascending(latencies);
  return {
    operations: sorted.length,
    perSecond: (sorted.length / elapsedMs) * 1000,
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    cpuMs: cpu / sorted.length,
  };
}

export interface Side {
  operation: Operation;
  /** The process whose CPU is watched. */
  pid: number;
}

/** Sends requests before the measurement, until the code is compiled and the caches are filled. */
export const warmUp = ({ operation, pid }: Side, ms: number): Promise<Timing> =>
  closedLoop(operation, { callers: CALLERS, ms, pid });

/** Measures the sides in turns, A B B A, so that other load on the machine, and drift, affect all of them alike. */
export async function interleave(
  sides: readonly Side[],
  { callers, rounds, ms, warmUpMs }: { callers: number; rounds: number; ms: number; warmUpMs: number },
): Promise<Timing[][]> {
  for (const side of sides) await warmUp(side, warmUpMs);
  const timings: Timing[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const turns = sides.map(({ operation, pid }, index) => ({ operation, pid, timings: timings[index]! }));
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      turn.timings.push(await closedLoop(turn.operation, { callers, ms, pid: turn.pid }));
    }
  }
  return timings;
}
