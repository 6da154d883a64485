import { namespacesOf, parseConfig } from "./config.ts";
import { Problem } from "./core/problem.ts";
import { durableGateway, durableToolGateway } from "./gateway/durable-gateway.ts";
import { createApp } from "./http/app.ts";
import { durablePool, durableServicePool } from "./pool/durable-pool.ts";
import { type Namespace, namespaces } from "./registry/namespace.ts";
import { PROBE_TIMEOUT_MS } from "./registry/services/probe.ts";
import { isRegistered } from "./registry/toolsets/read.ts";
import { isOffered } from "./registry/services/offered.ts";
import { sweep } from "./registry/sweep.ts";
import { durableStore } from "./store/embedded/durable-store.ts";
import { Connection } from "./store/redis/connection.ts";
import { KnownDocuments } from "./store/redis/known-documents.ts";
import { redisStore } from "./store/redis/redis-store.ts";

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
    openPool: (...names) => durablePool(() => env.SERVICE_POOL.getByName(objectName(...names))),
    openGateway: (...names) => durableGateway(() => env.TOOL_GATEWAY.getByName(objectName(...names))),
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

// Neither name may contain the separator.
const objectName = (namespace: string, name: string): string => `${namespace}\x1f${name}`;
const namesOf = (object: string) => object.split("\x1f") as [namespace: string, name: string];

export class ServicePool extends durableServicePool((env, object) => {
  const [namespace, service] = namesOf(object);
  return isOffered(instanceFor(env).open(namespace).store, service);
}) {}

export class ToolGateway extends durableToolGateway((env, object) => {
  const [namespace, toolset] = namesOf(object);
  return isRegistered(instanceFor(env).open(namespace).store, toolset, clock());
}) {}

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
