import { type Config, namespacesOf, parseConfig } from "./config.ts";
import { Problem } from "./core/problem.ts";
import { createApp } from "./http/app.ts";
import { embeddedStore } from "./store/embedded/embedded-store.ts";
import { DirectivesView } from "./store/redis/directives-view.ts";
import { redisStore } from "./store/redis/redis-store.ts";
import type { Store } from "./store/store.ts";
import { sweep, SWEEP_BUDGET } from "./sweep/sweep.ts";

export { RegistryObject } from "./store/embedded/registry-object.ts";

/** What one isolate needs to keep between requests: nothing of it is worth more than a moment's staleness. */
interface Instance {
  config: Config;
  openStore: (namespace: string) => Store;
  app: ReturnType<typeof createApp>;
}

const now = () => Date.now();
const instances = new WeakMap<Env, Instance>();

function instanceFor(env: Env): Instance {
  const known = instances.get(env);
  if (known) return known;
  const config = parseConfig(env as unknown as Record<string, unknown>);
  const views = new Map<string, DirectivesView>();
  const openStore = (namespace: string): Store => {
    if (!config.redis) return embeddedStore(env.REGISTRY.getByName(namespace));
    const directives = views.get(namespace) ?? new DirectivesView();
    views.set(namespace, directives);
    return redisStore({ ...config.redis, namespace, directives });
  };
  const instance = { config, openStore, app: createApp({ config, openStore, now }) };
  instances.set(env, instance);
  return instance;
}

export default {
  fetch(request, env, ctx) {
    return instanceFor(env).app.fetch(request, env, ctx);
  },

  /** The cron calls the roll of every namespace; one that fails stops no other, and fails the run. */
  async scheduled(_controller, env) {
    const { config, openStore } = instanceFor(env);
    if (config.access.mode === "closed") return;
    const runs = await Promise.allSettled(
      namespacesOf(config).map((namespace) => sweep(openStore(namespace), now, SWEEP_BUDGET)),
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
