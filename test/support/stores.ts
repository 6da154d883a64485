import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Gateway } from "../../src/gateway/gateway.ts";
import { durableGateway } from "../../src/gateway/durable-gateway.ts";
import { objectName } from "../../src/deployment.ts";
import type { DurableAgentHub } from "../../src/hub/durable-agent-hub.ts";
import { durableHub } from "../../src/hub/durable-hub.ts";
import type { Hub } from "../../src/hub/hub.ts";
import type { BarePool } from "../../src/pool/pool.ts";
import { durablePool } from "../../src/pool/durable-pool.ts";
import type { DurableRegistryObject } from "../../src/store/embedded/durable-registry-object.ts";
import { durableStore } from "../../src/store/embedded/durable-store.ts";
import type { RegistryCalls } from "../../src/store/embedded/registry-calls.ts";
import { Connection } from "../../src/store/redis/connection.ts";
import { KnownDocuments } from "../../src/store/redis/known-documents.ts";
import { redisStore } from "../../src/store/redis/redis-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { DurableWebhookSender } from "../../src/webhooks/durable-webhook-sender.ts";
import { durableWebhooks } from "../../src/webhooks/durable-webhooks.ts";
import type { Ground } from "../../src/webhooks/webhook-sender.ts";
import type { Webhooks } from "../../src/webhooks/webhooks.ts";
import { BridgeControl } from "./bridge-control.ts";
import { newPrefix } from "./keys-in-redis.ts";
import { START } from "./start.ts";

/** A backend of its own for one test: nothing is shared with any other. */
export interface Backend {
  open: (namespace: string) => Store;
  openPool: (namespace: string, service: string) => BarePool;
  openGateway: (namespace: string, toolset: string) => Gateway;
  /** @param store  of the namespace */
  openHub: (store: Store, namespace: string, hub: string) => Hub;
  /** The object of a hub. */
  hubStub: (namespace: string, hub: string) => DurableObjectStub<DurableAgentHub>;
  openWebhooks: (ground: () => Ground, namespace: string) => Webhooks;
  /** The object that sends a namespace's webhooks. */
  webhooksStub: (namespace: string) => DurableObjectStub<DurableWebhookSender>;
  /** Sets the store's own clock, and lets every lease lapse that is due before `to`, as time would have. */
  advance: (to: number) => Promise<void>;
  /** Sets the store's own clock alone. */
  setClock: (to: number) => Promise<void>;
}

/** Pools and gateways are Durable Objects whatever the store; each backend has its own. */
function objects(): Omit<Backend, "open" | "advance" | "setClock"> {
  const own = crypto.randomUUID();
  const nameOf = (...parts: string[]) => [own, ...parts].join("\x1f");
  const hubStub = (namespace: string, hub: string) =>
    env.AGENT_HUB.getByName(objectName(`${own}/${namespace}`, hub));
  const webhooksStub = (namespace: string) => env.WEBHOOKS.getByName(`${own}/${namespace}`);
  return {
    openPool: (namespace, service) =>
      durablePool(() => env.SERVICE_POOL.getByName(nameOf(namespace, service))),
    openGateway: (namespace, toolset) =>
      durableGateway(() => env.TOOL_GATEWAY.getByName(nameOf(namespace, toolset))),
    hubStub,
    openHub: (store, namespace, hub) => openedHub(() => hubStub(namespace, hub), store),
    webhooksStub,
    openWebhooks: (ground, namespace) => openedWebhooks(() => webhooksStub(namespace), ground),
  };
}

/** A hub whose agents' leases are in the test's own store: in place of what its class would open. */
export function openedHub(open: () => DurableObjectStub<DurableAgentHub>, store: Store): Hub {
  const given =
    (method: "fetch" | "tell" | "drop") =>
    async (...args: never[]) => {
      const stub = open();
      await runInDurableObject(stub, ({ hosted }) => void (hosted.inner.store = store));
      return (stub[method] as (...args: never[]) => unknown)(...args);
    };
  const calls = { fetch: given("fetch"), tell: given("tell"), drop: given("drop") };
  return durableHub(() => calls as never);
}

/** What sends webhooks, with the test's own store and receivers around it: in place of what its class would have. */
function openedWebhooks(open: () => DurableObjectStub<DurableWebhookSender>, ground: () => Ground): Webhooks {
  const given = () =>
    new Proxy(open(), {
      get:
        (stub, method: keyof Webhooks) =>
        async (...args: never[]) => {
          await runInDurableObject(stub, ({ hosted }) => void (hosted.inner.ground = ground()));
          return (stub[method] as (...args: never[]) => unknown)(...args);
        },
    });
  return durableWebhooks(given);
}

export type RedisBackend = Backend & {
  bridge: BridgeControl;
  prefix: string;
  timeoutMs: number;
  /** The same, as another isolate has it: it shares nothing that was seen of the store. */
  inAnotherIsolate: () => RedisBackend;
};

/** Generous: a loaded machine is not an outage, and tests that want one say how soon. */
export const TIMEOUT_MS = 10_000;

export function redisBackend(
  timeoutMs = TIMEOUT_MS,
  bridge = new BridgeControl(undefined, START),
): RedisBackend {
  const prefix = newPrefix();
  const connection = new Connection({ url: bridge.url, token: bridge.token, timeoutMs });
  const opener = () => {
    const stores = new Map<string, Store>();
    const documents = new KnownDocuments();
    return (namespace: string) => {
      const store = stores.get(namespace) ?? redisStore({ connection, prefix, namespace, documents });
      stores.set(namespace, store);
      return store;
    };
  };
  return {
    inAnotherIsolate() {
      return { ...this, open: opener() };
    },
    bridge,
    prefix,
    timeoutMs,
    ...objects(),
    open: opener(),
    /** Tests pass time as an argument, Redis does not listen: the keys that its clock would have dropped are dropped here. */
    async advance(to) {
      await bridge.setClock(to);
      const keys = await bridge.raw<string[]>("KEYS", `${prefix}:*:lease:*`);
      for (const key of keys) {
        const lease = await bridge.raw<string | null>("GET", key);
        const { expiresAt } = JSON.parse(lease ?? "{}") as { expiresAt?: number | null };
        if (typeof expiresAt === "number" && expiresAt < to) await bridge.raw("DEL", key);
      }
    },
    setClock: (to) => bridge.setClock(to),
  };
}

/** The embedded store of an object whose own clock is the test's. A stub is asked for with each call: it belongs to the request that made it. */
export function embeddedStore(
  open: () => DurableObjectStub<DurableRegistryObject>,
  clock: () => number,
): Store {
  let isGiven = false;
  const clocked = () => {
    const stub = open();
    return new Proxy(stub, {
      get:
        (_, method: keyof RegistryCalls) =>
        async (...args: never[]) => {
          if (!isGiven) await runInDurableObject(stub, ({ hosted }) => void (hosted.inner.clock = clock));
          isGiven = true;
          return (stub[method] as (...args: never[]) => unknown)(...args);
        },
    });
  };
  return durableStore(clocked);
}

export function embeddedBackend(startAt = START): Backend {
  const own = crypto.randomUUID();
  let now = startAt;
  const setClock = async (to: number) => void (now = to);
  return {
    open: (namespace) =>
      embeddedStore(
        () => env.REGISTRY.getByName(`${own}/${namespace}`),
        () => now,
      ),
    ...objects(),
    advance: setClock,
    setClock,
  };
}

export const BACKENDS = [
  {
    backend: "redis",
    openBackend: (startAt = START): Backend =>
      redisBackend(TIMEOUT_MS, new BridgeControl(undefined, startAt)),
  },
  { backend: "embedded", openBackend: embeddedBackend },
] as const;
