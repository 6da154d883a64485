import { expect } from "vitest";
import { Model } from "./model.ts";
import { Real } from "./real.ts";
import type { Step } from "./steps.ts";

/** Runs the steps on a gateway and on the model, compares their results, and lets time pass until no call is kept. */
export async function live(steps: readonly Step[]): Promise<void> {
  const [model, real] = [new Model(), new Real()];
  const take = async (step: Step): Promise<unknown> => {
    const expected = model.run(step);
    const came = await real.run(step, model.hasSocket);
    expect(came, JSON.stringify(step)).toEqual(expected);
    return came.answer;
  };
  const callsAfter = async (ms: number): Promise<string[]> => {
    await take({ do: "pass", ms });
    await take({ do: "tick" });
    const { calls } = (await take({ do: "look" })) as { calls: string[] };
    return calls;
  };
  for (const step of steps) await take(step);
  await take({ do: "detach" });

  // The longest that a call can be pending: one claim, then the queue.
  const settled = await callsAfter(60_001 + 300_001);
  expect(settled.filter((call) => call.startsWith("pending"))).toEqual([]);
  const forgotten = await callsAfter(900_001 + 60_001 + 300_001);
  expect(forgotten.filter((call) => call !== "forgotten")).toEqual([]);
  const { opened } = real;
  expect([await opened.rows("call"), await opened.rows("delta"), await opened.wakesInMs()]).toEqual([
    0,
    0,
    null,
  ]);
}
