import type { TestProject } from "vitest/node";
import type { Seed } from "./seed.ts";

/** A check draws what the last one drew, so that it fails for what changed; `npm run soak` draws anew. */
export default function setup(project: TestProject): void {
  const seed: Seed = process.env["ROLLCALL_SOAK"] === undefined ? 1 : null;
  project.provide("seed", seed);
}
