import { request } from "undici";
import { cpuMs } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import { type Bundle, EMPTY } from "../servers/bundle.ts";
import { startWorkerd } from "../servers/workerd.ts";

export interface StartUp {
  gzipBytes: number;
  /** ms of CPU to load the bundle and give the first answer, beyond what a Worker that does nothing takes; round by round. */
  cpuMs: number[];
}

export async function measureStartUp({ plan, bundles: { rollcall } }: Rig): Promise<StartUp> {
  const [cpu] = await measureStartUps([rollcall], plan.startUps);
  return { gzipBytes: rollcall.gzipBytes, cpuMs: cpu! };
}

/**
 * ms of CPU to load each bundle and give the first answer, round by round, in turns.
 *
 * workerd reads, compiles and evaluates a bundle before it listens; what a Worker that does nothing takes in the same round is
 * taken off.
 */
export async function measureStartUps(bundles: readonly Bundle[], rounds: number): Promise<number[][]> {
  const taken: number[][] = bundles.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const base = await firstAnswer(EMPTY);
    for (const [side, bundle] of bundles.entries()) taken[side]!.push((await firstAnswer(bundle)) - base);
  }
  return taken;
}

async function firstAnswer(bundle: Bundle): Promise<number> {
  const worker = await startWorkerd({ bundle, vars: { ACCESS: "open" } });
  const { statusCode, body } = await request(`${worker.url}/health`);
  await body.text();
  if (statusCode !== 200) throw new Error(`the first answer was ${statusCode}`);
  const taken = cpuMs(worker.pid);
  await worker.stop();
  return taken;
}
