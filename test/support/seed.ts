import * as fc from "fast-check";
import { inject } from "vitest";

/** What the properties draw. */
export interface Draws {
  /** Where the draws of each begin. */
  seed: number;
  /** How many times as often as in a check each runs. */
  times: number;
}

declare module "vitest" {
  interface ProvidedContext {
    draws: Draws;
  }
}

const { seed, times } = inject("draws");

/** How often a property runs that runs `inCheck` times in a check. */
export const runs = (inCheck: number): number => inCheck * times;

fc.configureGlobal({ seed, numRuns: runs(100) });
