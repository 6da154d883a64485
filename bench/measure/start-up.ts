import { request } from "undici";
import { cpuMs } from "../load/usage.ts";
import type { Rig } from "../rig.ts";
import { type Bundle, EMPTY } from "../servers/bundle.ts";
import { startWorkerd } from "../servers/workerd.ts";

export interface StartUp {
  gzipBytes: number;
  /** ms of CPU until the first answer, more than an empty Worker takes; by round. */
  cpuMs: number[];
}

export async function measureStartUp({ plan, bundles: { rollcall } }: Rig): Promise<StartUp> {
  const [cpu] = await measureStartUps([rollcall], plan.startUps);
  return { gzipBytes: rollcall.gzipBytes, cpuMs: cpu! };
}

/**
 * Measures the start of each bundle, in turns.
 *
 * @returns ms of CPU until the first answer, by bundle and round; the CPU of an empty Worker in the same round is subtracted
 */
export async function measureStartUps(bundles: readonly Bundle[], rounds: number): Promise<number[][]> {
  const taken: number[][] = bundles.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const base = await firstAnswer(EMPTY);
    const turns = [...bundles.entries()];
    for (const [side, bundle] of round % 2 === 0 ? turns : turns.toReversed()) {
      taken[side]!.push((await firstAnswer(bundle)) - base);
    }
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
