import type { TestProject } from "vitest/node";
import type { Draws } from "./seed.ts";

/** A check draws what the last one drew, so that it fails for what changed; `npm run soak` says otherwise. */
export const DRAWS: Draws = {
  seed: Number(process.env["ROLLCALL_SEED"] ?? 1),
  times: Number(process.env["ROLLCALL_TIMES"] ?? 1),
};

export default function setup(project: TestProject): void {
  project.provide("draws", DRAWS);
}
