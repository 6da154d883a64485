import { namespacesOf, parseConfig } from "./config.ts";
import { Problem } from "./core/problem.ts";
import { durableGateway, type Gateway } from "./gateway/gateway.ts";
import { createApp } from "./http/app.ts";
import type { Deps } from "./http/frame/endpoint.ts";
import { durablePool, type Pool } from "./pool/pool.ts";
import { embeddedStore } from "./store/embedded/embedded-store.ts";
import { Connection } from "./store/redis/connection.ts";
import { KnownDocuments } from "./store/redis/known-documents.ts";
import { redisStore } from "./store/redis/redis-store.ts";
import type { Store } from "./store/store.ts";
import { checkHealth, PROBE_TIMEOUT_MS } from "./registry/services/health-checks.ts";
import { sweep, SWEEP_BUDGET } from "./registry/sweep.ts";

export { ToolGateway } from "./gateway/tool-gateway.ts";
export { ServicePool } from "./pool/service-pool.ts";
export { RegistryObject } from "./store/embedded/registry-object.ts";

/** What one isolate needs to keep between requests: nothing of it is worth more than a moment's staleness. */
interface Instance {
  deps: Deps;
  app: ReturnType<typeof createApp>;
}

const now = () => Date.now();
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const instances = new WeakMap<Env, Instance>();

function instanceFor(env: Env): Instance {
  const known = instances.get(env);
  if (known) return known;
  const config = parseConfig(env as unknown as Record<string, unknown>);
  const stores = new Map<string, Store>();
  const documents = new KnownDocuments();
  const connection = config.redis && new Connection(config.redis);
  const openStore = (namespace: string): Store => {
    // A stub belongs to the request that asked for it.
    if (!config.redis || !connection) return embeddedStore(env.REGISTRY.getByName(namespace));
    const { prefix } = config.redis;
    const store = stores.get(namespace) ?? redisStore({ connection, prefix, namespace, documents });
    stores.set(namespace, store);
    return store;
  };
  // Two names with a separator that neither may contain.
  const openPool = (namespace: string, service: string): Pool =>
    durablePool(env.SERVICE_POOL.getByName(`${namespace}\x1f${service}`));
  const openGateway = (namespace: string, toolset: string): Gateway =>
    durableGateway(env.TOOL_GATEWAY.getByName(`${namespace}\x1f${toolset}`));
  const deps: Deps = {
    config,
    openStore,
    openPool,
    openGateway,
    now,
    pause,
    fetch: (...request) => fetch(...request),
    probeTimeoutMs: PROBE_TIMEOUT_MS,
  };
  const instance = { deps, app: createApp(deps) };
  instances.set(env, instance);
  return instance;
}

export default {
  fetch(request, env, ctx) {
    return instanceFor(env).app.fetch(request, env, ctx);
  },

  /** The cron calls the roll of every namespace; one that fails stops no other, and fails the run. */
  async scheduled(_controller, env) {
    const { config, openStore, openPool, fetch, probeTimeoutMs } = instanceFor(env).deps;
    if (config.access.mode === "closed") return;
    const runs = await Promise.allSettled(
      namespacesOf(config).map((namespace) => {
        const pool = (service: string) => openPool(namespace, service);
        const allowLoopback = config.access.mode === "open";
        const store = openStore(namespace);
        const prober = { store, pool, fetch, allowLoopback, timeoutMs: probeTimeoutMs };
        return sweep(store, now, SWEEP_BUDGET, (after, at) => checkHealth(prober, after, at));
      }),
    );
    const failed = runs.filter((run) => run.status === "rejected");
    for (const { reason } of failed) {
      const code = reason instanceof Problem ? reason.code : "internal";
      console.error(JSON.stringify({ task: "sweep", code }));
    }
    if (failed.length > 0)
      throw new Error(`the sweep failed in ${failed.length} of ${runs.length} namespaces`);
  },
} satisfies ExportedHandler<Env>;
