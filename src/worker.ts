import { parseConfig } from "./config.ts";
import { type Deployment, deployment, objectName } from "./deployment.ts";
import { durableGateway } from "./gateway/durable-gateway.ts";
import { durableToolGateway } from "./gateway/durable-tool-gateway.ts";
import { durableAgentHub } from "./hub/durable-agent-hub.ts";
import { durableHub } from "./hub/durable-hub.ts";
import { durablePool } from "./pool/durable-pool.ts";
import { durableServicePool } from "./pool/durable-service-pool.ts";
import type { RateLimit } from "./http/frame/rate-limit.ts";
import { storesOf } from "./open-store.ts";
import { durableWebhookSender } from "./webhooks/durable-webhook-sender.ts";
import { durableWebhooks } from "./webhooks/durable-webhooks.ts";

export { DurableRegistryObject as RegistryObject } from "./store/embedded/durable-registry-object.ts";

/** What a deployment may bind besides (wrangler.toml). */
interface MayBeBound {
  REQUESTS_PER_MINUTE?: RateLimit;
  HEARTBEATS_PER_MINUTE?: RateLimit;
  TELEMETRY?: AnalyticsEngineDataset;
}

/** What one isolate keeps between requests. */
const deployments = new WeakMap<Env, Deployment>();

function deploymentFor(env: Env): Deployment {
  const known = deployments.get(env);
  if (known) return known;
  const config = parseConfig(env as unknown as Record<string, unknown>);
  const bound = env as Env & MayBeBound;
  const made = deployment(config, {
    openStore: storesOf(config, (name) => env.REGISTRY.getByName(name)),
    openPool: (namespace, service, near) =>
      durablePool(() => env.SERVICE_POOL.getByName(objectName(namespace, service), placed(near))),
    openGateway: (...names) => durableGateway(() => env.TOOL_GATEWAY.getByName(objectName(...names))),
    openHub: (namespace, hub, near) =>
      durableHub(() => env.AGENT_HUB.getByName(objectName(namespace, hub), placed(near))),
    openWebhooks: (namespace) => durableWebhooks(() => env.WEBHOOKS.getByName(namespace)),
    dataset: bound.TELEMETRY,
    rateLimits: { requests: bound.REQUESTS_PER_MINUTE, heartbeats: bound.HEARTBEATS_PER_MINUTE },
    clock: () => Date.now(),
    pause: (ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  });
  deployments.set(env, made);
  return made;
}

/** Counts once, when the object is made. */
const placed = (near: string | undefined) =>
  near === undefined ? undefined : { locationHint: near as DurableObjectLocationHint };

export class ServicePool extends durableServicePool((env, object) => deploymentFor(env).isOffered(object)) {}

export class ToolGateway extends durableToolGateway(
  (env, object) => deploymentFor(env).isRegistered(object),
  (env, ...asked) => deploymentFor(env).endedKeys(...asked),
) {}

export class AgentHub extends durableAgentHub((env, object) => deploymentFor(env).hubOf(object)) {}

export class WebhookSender extends durableWebhookSender((env, namespace) =>
  deploymentFor(env).webhooksOf(namespace),
) {}

export default {
  fetch(request, env, ctx) {
    return deploymentFor(env).app.fetch(request, env, ctx);
  },
  scheduled(_controller, env) {
    return deploymentFor(env).sweep();
  },
} satisfies ExportedHandler<Env>;
