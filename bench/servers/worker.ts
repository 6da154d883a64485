import type { Bundle } from "./bundle.ts";

/** A bundle that runs somewhere and answers. */
export interface RunningWorker {
  runtime: "workerd" | "miniflare";
  url: string;
  /** The process that runs the Worker's code. */
  pid: number;
  stop(): Promise<void>;
}

export interface WorkerSpec {
  bundle: Pick<Bundle, "name" | "modules" | "compatibilityDate">;
  /** Text bindings. */
  vars: Record<string, string>;
  /** Durable Object classes by binding. */
  objects: Record<string, string>;
}

/** Rollcall's own, as in wrangler.toml. */
export const OBJECTS = { REGISTRY: "RegistryObject", SERVICE_POOL: "ServicePool" };
