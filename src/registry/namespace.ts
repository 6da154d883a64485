import { currentCause } from "../cause.ts";
import type { LeaseDefaults } from "../core/agents/agent.ts";
import type { Event } from "../core/event.ts";
import { DEFAULT_QUOTA, type Limits, type Quota, type SomeLimits } from "../core/limits.ts";
import type { Scope } from "../core/authority.ts";
import { Lru } from "../core/lru.ts";
import type { PingTerms } from "../core/toolsets/health.ts";
import type { Hub } from "../hub/hub.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { BarePool, Pool } from "../pool/pool.ts";
import type { Store } from "../store/store.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { attributed } from "./attributed.ts";
import { limited, quotaOf } from "./limited.ts";
import { KnownKeys } from "./keys/known-keys.ts";
import { Marker } from "./marker.ts";
import { type ProofKey, proofKeyOf } from "./proof.ts";
import { RecentReads } from "./recent-reads.ts";
import { Refusals } from "./refusals.ts";
import { tellingPool } from "./services/telling-pool.ts";
import { tellingHubs } from "./agents/telling-hubs.ts";
import { type Outlines, outlinesOf } from "./toolsets/outlines.ts";

/** What a health check needs to fetch a `health_url`. */
export interface Prober {
  fetch: typeof fetch;
  /** Under open access, services on this machine may be probed. */
  allowLoopback: boolean;
  /** Bounds one probe, its redirects included. */
  timeoutMs: number;
}

export interface ConfiguredKey {
  name: string;
  scopes: readonly Scope[];
  limits?: SomeLimits | undefined;
}

/** What the registry runs on. The composition root provides it; no operation uses a clock or an adapter of its own. */
export interface Platform {
  openStore: (namespace: string) => Store;
  /** @param near  where most of the service's providers are, if it is not open yet */
  openPool: (namespace: string, service: string, near?: string) => BarePool;
  openGateway: (namespace: string, toolset: string) => Gateway;
  /** Absent where there are no sockets. @param near  where agents are that it is opened for, if it is not open yet */
  openHub?: (namespace: string, hub: string, near?: string) => Hub;
  openWebhooks: (namespace: string) => Webhooks;
  /** Of all proofs; null: each namespace's store keeps a key. */
  signingKey: string | null;
  /** The deployment's defaults for the terms of a lease. */
  lease: LeaseDefaults;
  /** How toolsets' providers are pinged. */
  ping: PingTerms;
  /** How long a tool call is kept once it is settled. */
  resultKeptMs: number;
  /** How long events are kept, ms, unless they have more characters than `chars`. */
  eventsKept: { ms: number; chars: number };
  /** How many hubs have the sockets of a region's agents: one for each 10,000. */
  hubsPerRegion: number;
  /** How many heartbeats a second agents of a namespace are to send in all; 0: as many as they do. */
  heartbeatsPerSecondMax: number;
  /** What a namespace may have, and the entries of a key in it; by default `DEFAULT_QUOTA`. */
  limits?: Quota;
  prober: Prober;
  /** The keys of a namespace that are configured, and so have no id. */
  keysOf: (namespace: string) => readonly ConfiguredKey[];
  /** ms since the Unix epoch */
  clock: () => number;
  /** Resolves after so many ms. */
  pause: (ms: number) => Promise<void>;
}

/** One tenant's registry: what every operation works on. */
export interface Namespace extends Pick<
  Platform,
  | "lease"
  | "ping"
  | "resultKeptMs"
  | "eventsKept"
  | "hubsPerRegion"
  | "heartbeatsPerSecondMax"
  | "prober"
  | "clock"
  | "pause"
> {
  readonly name: string;
  readonly store: Store;
  /** What may be in it. */
  readonly limits: Limits;
  /** What is refused so often that not each is told. */
  readonly refusals: Refusals;
  /** The API keys that were made while running. */
  readonly keys: KnownKeys;
  /** The others. */
  readonly configuredKeys: readonly ConfiguredKey[];
  /** What was last read to find agents, for those who allow it to be old. */
  readonly recent: RecentReads;
  /** Whether something was told (marker.ts). */
  readonly marker: Marker;
  /** What the callers of one service share. */
  pool: (service: string, near?: string) => Pool;
  /** What the callers and providers of one toolset share. */
  gateway: (toolset: string) => Gateway;
  /** What has agents' sockets (agents/presence.ts); absent where there are none. */
  hub?: (hub: string, near?: string) => Hub;
  /** What sends events to those who subscribed. */
  webhooks: () => Webhooks;
  /** The key of the proofs in ids that the registry gives out (proof.ts). */
  proofKey: () => Promise<ProofKey>;
  /** What the lists of tools depend on, up to 5 s old (toolsets/outlines.ts). */
  outlines: () => Promise<Outlines>;
}

/** How many pools, gateways and namespaces an isolate keeps open. Opening one is no request, so the bound costs nothing. */
const OPEN_MAX = 1000;

/** Opens namespaces, each once while it is in use. */
export function namespaces(platform: Platform): (name: string) => Namespace {
  const { signingKey, lease, ping, resultKeptMs, eventsKept, hubsPerRegion, heartbeatsPerSecondMax } =
    platform;
  const { prober, clock, pause, limits = DEFAULT_QUOTA } = platform;
  return keepOpen((name): Namespace => {
    const { openHub } = platform;
    const hub = openHub && ((...which: [hub: string, near?: string]) => openHub(name, ...which));
    const quota = (owner: string | null) => quotaOf(limits, owner, currentCause());
    const bounded = limited(platform.openStore(name), quota, (refusal, owner, now) =>
      refusals.noteQuota(refusal, owner, now),
    );
    const opened = attributed(bounded, currentCause);
    const tell = (events: readonly Event[]) => opened.tell(events);
    const refusals = new Refusals(name, tell);
    const store = hub ? tellingHubs(opened, hub) : opened;
    return {
      name,
      store,
      limits: limits.namespace,
      refusals,
      keys: new KnownKeys(store),
      configuredKeys: platform.keysOf(name),
      recent: new RecentReads(store, pause),
      marker: new Marker(store, clock),
      pool: keepOpen((service, near) =>
        tellingPool(platform.openPool(name, service, near), service, tell, currentCause),
      ),
      gateway: keepOpen((toolset) => platform.openGateway(name, toolset)),
      ...(hub && { hub }),
      webhooks: () => platform.openWebhooks(name),
      proofKey: proofKeyOf(store, signingKey, clock),
      outlines: outlinesOf(store, platform),
      lease,
      ping,
      resultKeptMs,
      eventsKept,
      hubsPerRegion,
      heartbeatsPerSecondMax,
      prober,
      clock,
      pause,
    };
  });
}

function keepOpen<T>(open: (name: string, near?: string) => T): (name: string, near?: string) => T {
  const opened = new Lru<{ value: T }>(OPEN_MAX);
  return (name, near) => {
    const known = opened.get(name);
    if (known) return known.value;
    const value = open(name, near);
    opened.set(name, { value }, 1);
    return value;
  };
}
