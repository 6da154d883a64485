import { request } from "undici";
import { cpuMs } from "../load/usage.ts";
import type { Bundles } from "../rig.ts";
import type { Plan } from "../plan.ts";
import { EMPTY } from "../servers/bundle.ts";
import { OBJECTS, type WorkerSpec } from "../servers/worker.ts";
import { startWorkerd } from "../servers/workerd.ts";

export interface StartUp {
  /** ms of CPU to load the bundle and give the first answer, beyond what a Worker that does nothing takes; round by round. */
  cpuMs: number[];
}

/** workerd reads, compiles and evaluates a bundle before it listens; the same with an empty one is taken off. */
export async function measureStartUp(plan: Plan, { rollcall }: Bundles): Promise<StartUp> {
  const vars = { ACCESS: "open" };
  const ours: WorkerSpec = { bundle: rollcall, vars, objects: OBJECTS };
  const empty: WorkerSpec = { bundle: EMPTY, vars, objects: {} };
  const taken: number[] = [];
  for (let round = 0; round < plan.startUps; round += 1) {
    const base = await firstAnswer(empty);
    taken.push((await firstAnswer(ours)) - base);
  }
  return { cpuMs: taken };
}

async function firstAnswer(spec: WorkerSpec): Promise<number> {
  const worker = await startWorkerd(spec);
  const { statusCode, body } = await request(`${worker.url}/health`);
  await body.text();
  if (statusCode !== 200) throw new Error(`the first answer was ${statusCode}`);
  const taken = cpuMs(worker.pid);
  await worker.stop();
  return taken;
}
