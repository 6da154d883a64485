import type { Bundle } from "./bundle.ts";

/** A bundle that is being served. */
export interface RunningWorker {
  runtime: "workerd" | "miniflare";
  url: string;
  /** The process that runs the Worker's code. */
  pid: number;
  stop(): Promise<void>;
}

export interface WorkerSpec {
  bundle: Pick<Bundle, "modules" | "compatibilityDate" | "compatibilityFlags" | "objects">;
  /** Text bindings. */
  vars: Record<string, string>;
}
