import { namespacesOf, parseConfig } from "./config.ts";
import { Problem } from "./core/problem.ts";
import { durableGateway } from "./gateway/durable-gateway.ts";
import { createApp } from "./http/app.ts";
import { durablePool } from "./pool/durable-pool.ts";
import { type Namespace, namespaces } from "./registry/namespace.ts";
import { PROBE_TIMEOUT_MS } from "./registry/services/probe.ts";
import { sweep } from "./registry/sweep.ts";
import { durableStore } from "./store/embedded/durable-store.ts";
import { Connection } from "./store/redis/connection.ts";
import { KnownDocuments } from "./store/redis/known-documents.ts";
import { redisStore } from "./store/redis/redis-store.ts";

export { DurableToolGateway as ToolGateway } from "./gateway/durable-gateway.ts";
export { DurableServicePool as ServicePool } from "./pool/durable-pool.ts";
export { DurableRegistryObject as RegistryObject } from "./store/embedded/durable-store.ts";

/** What one isolate keeps between requests. */
interface Instance {
  /** Whom the cron sweeps; empty while the deployment is not configured. */
  swept: string[];
  open: (namespace: string) => Namespace;
  app: ReturnType<typeof createApp>;
}

const clock = () => Date.now();
const instances = new WeakMap<Env, Instance>();

function instanceFor(env: Env): Instance {
  const known = instances.get(env);
  if (known) return known;
  const { access, redis, signingKey, lease, ping } = parseConfig(env as unknown as Record<string, unknown>);
  const documents = new KnownDocuments();
  const connection = redis && new Connection(redis);
  const open = namespaces({
    openStore: (namespace) =>
      redis && connection
        ? redisStore({ connection, prefix: redis.prefix, namespace, documents })
        : durableStore(() => env.REGISTRY.getByName(namespace)),
    // Two names with a separator that neither may contain.
    openPool: (namespace, service) =>
      durablePool(() => env.SERVICE_POOL.getByName(`${namespace}\x1f${service}`)),
    openGateway: (namespace, toolset) =>
      durableGateway(() => env.TOOL_GATEWAY.getByName(`${namespace}\x1f${toolset}`)),
    signingKey,
    lease,
    ping,
    prober: {
      fetch: (input, init) => fetch(input, init),
      allowLoopback: access.mode === "open",
      timeoutMs: PROBE_TIMEOUT_MS,
    },
    clock,
    pause: (ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  });
  const swept = access.mode === "closed" ? [] : namespacesOf(access);
  const instance = { swept, open, app: createApp({ access, open, clock }) };
  instances.set(env, instance);
  return instance;
}

export default {
  fetch(request, env, ctx) {
    return instanceFor(env).app.fetch(request, env, ctx);
  },

  /** The cron sweeps every namespace; one that fails stops no other, and fails the run. */
  async scheduled(_controller, env) {
    const { swept, open } = instanceFor(env);
    const runs = await Promise.allSettled(swept.map((name) => sweep(open(name), clock())));
    const failed = runs.filter((run) => run.status === "rejected");
    for (const { reason } of failed) {
      const code = reason instanceof Problem ? reason.code : "internal";
      console.error(JSON.stringify({ task: "sweep", code }));
    }
    if (failed.length > 0)
      throw new Error(`the sweep failed in ${failed.length} of ${runs.length} namespaces`);
  },
} satisfies ExportedHandler<Env>;
