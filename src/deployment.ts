import { type Config, keysOf, namespacesOf } from "./config.ts";
import { Problem } from "./core/problem.ts";
import { createApp } from "./http/app.ts";
import type { RateLimits } from "./http/frame/rate-limit.ts";
import { shownEvent } from "./http/routes/operation/shown-event.ts";
import { endedKeys } from "./registry/keys/lasting.ts";
import { type Namespace, namespaces, type Platform } from "./registry/namespace.ts";
import { isOffered } from "./registry/services/offered.ts";
import { PROBE_TIMEOUT_MS } from "./registry/services/probe.ts";
import { sweep } from "./registry/sweep.ts";
import { isRegistered } from "./registry/toolsets/read.ts";
import { type Dataset, Telemetry } from "./telemetry.ts";
import type { Ground as WebhooksGround } from "./webhooks/webhook-sender.ts";

/** A configured registry, on whatever it runs: what its requests, its cron and its objects ask of it. */
export interface Deployment {
  /** Opens a namespace by its name. */
  open: (namespace: string) => Namespace;
  app: ReturnType<typeof createApp>;
  /** What the cron does once a minute: sweeps every namespace. One that fails stops no other, and fails the run. */
  sweep: () => Promise<void>;
  /** What the hub's object of this name is called, and where its agents' leases are. */
  hubOf: (object: string) => { name: string; store: Namespace["store"] };
  /** What the object has around it that sends a namespace's events to those who subscribed. */
  webhooksOf: (namespace: string) => WebhooksGround;
  /** Whether the service of the pool's object with this name is offered. */
  isOffered: (object: string) => Promise<boolean>;
  /** Whether the toolset of the gateway's object with this name is registered. */
  isRegistered: (object: string) => Promise<boolean>;
  /** Which of these API keys have ended, in the namespace of the gateway's object with this name. */
  endedKeys: (object: string, ids: readonly string[], now: number) => Promise<ReadonlySet<string>>;
}

type Ground = Pick<
  Platform,
  "openStore" | "openPool" | "openGateway" | "openHub" | "openWebhooks" | "clock" | "pause"
> & {
  rateLimits?: RateLimits;
  /** Where each answer is written down; absent: nowhere. */
  dataset?: Dataset | undefined;
};

/** @param ground  what it runs on: the adapters and time */
export function deployment(config: Config, ground: Ground): Deployment {
  const { access } = config;
  const { clock } = ground;
  const prober = {
    fetch: (input: string | URL | Request, init?: RequestInit) => fetch(input, init),
    allowLoopback: access.mode === "open",
    timeoutMs: PROBE_TIMEOUT_MS,
  };
  const open = namespaces({
    ...ground,
    ...config,
    prober,
    keysOf: (namespace) => keysOf(access, namespace),
  });
  // A deployment that is not configured has nothing to sweep.
  const swept = access.mode === "closed" ? [] : namespacesOf(access);
  return {
    open,
    app: createApp({
      access,
      open,
      clock,
      rateLimits: ground.rateLimits,
      telemetry: new Telemetry(ground.dataset),
    }),
    async sweep() {
      const runs = await Promise.allSettled(swept.map((name) => sweep(open(name), clock())));
      const failed = runs.filter((run) => run.status === "rejected");
      for (const { reason } of failed) {
        const code = reason instanceof Problem ? reason.code : "internal";
        console.error(JSON.stringify({ task: "sweep", code }));
      }
      if (failed.length > 0)
        throw new Error(`the sweep failed in ${failed.length} of ${runs.length} namespaces`);
    },
    hubOf(object) {
      const [namespace, name] = namesOf(object);
      return { name, store: open(namespace).store };
    },
    webhooksOf(namespace) {
      return { ...prober, store: open(namespace).store, show: shownEvent, pause: ground.pause };
    },
    isOffered(object) {
      const [namespace, service] = namesOf(object);
      return isOffered(open(namespace).store, service);
    },
    isRegistered(object) {
      const [namespace, toolset] = namesOf(object);
      return isRegistered(open(namespace).store, toolset, clock());
    },
    endedKeys(object, ids, now) {
      const [namespace] = namesOf(object);
      return endedKeys(open(namespace), ids, now);
    },
  };
}

/** The name of the object of one service or toolset. Neither of the two names may contain the separator. */
export const objectName = (namespace: string, name: string): string => `${namespace}\x1f${name}`;
const namesOf = (object: string) => object.split("\x1f") as [namespace: string, name: string];
