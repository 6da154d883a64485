import * as fc from "fast-check";
import { inject } from "vitest";

/** Where the draws of every property begin; null: where chance has it. */
export type Seed = number | null;

declare module "vitest" {
  interface ProvidedContext {
    seed: Seed;
  }
}

const seed = inject("seed");
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...(seed !== null && { seed }) });
