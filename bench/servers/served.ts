import { apiKeysOf, type Fleet } from "../fleet/agents.ts";
import { Http } from "../load/http.ts";
import type { Bundle } from "./bundle.ts";
import { startMiniflare } from "./miniflare.ts";
import type { RunningWorker } from "./worker.ts";
import { startWorkerd } from "./workerd.ts";

/** A running Worker, and a client for each of its fleets. */
export interface Served {
  worker: RunningWorker;
  http(fleet: Fleet): Http;
  stop(): Promise<void>;
}

/** Starts a bundle with an API key for each fleet. Unless `vars` name a Redis, it uses the embedded store. */
export async function serve(
  bundle: Bundle,
  runtime: RunningWorker["runtime"],
  fleets: readonly Fleet[],
  vars: Record<string, string>,
): Promise<Served> {
  const spec = { bundle, vars: { ...vars, API_KEYS: apiKeysOf(fleets) } };
  const worker = await (runtime === "workerd" ? startWorkerd(spec) : startMiniflare(spec));
  const callers = new Map<string, Http>();
  return {
    worker,
    http({ apiKey }) {
      const known = callers.get(apiKey) ?? new Http(worker.url, { authorization: `Bearer ${apiKey}` });
      callers.set(apiKey, known);
      return known;
    },
    async stop() {
      for (const http of callers.values()) await http.close();
      await worker.stop();
    },
  };
}
