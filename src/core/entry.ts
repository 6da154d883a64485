import type { Registration } from "./agents/agent.ts";
import type { Lease } from "./lease.ts";
import type { ToolsetPulse, ToolsetRegistration } from "./toolsets/toolset.ts";

/** What is kept of each kind of entry. core/kinds.ts has the rules of each; the store treats all kinds alike. */
export interface Kinds {
  agent: { registration: Registration; lease: Lease };
  /** A toolset's lease never lapses: the toolset stays in the catalogue, healthy or not, until it is unregistered. */
  toolset: { registration: ToolsetRegistration; lease: ToolsetPulse };
}
export type Kind = keyof Kinds;

export interface Ref<K extends Kind = "agent"> {
  kind: K;
  id: string;
}

/** Where the registering request entered the platform's network. */
export interface Region {
  colo?: string;
  country?: string;
  continent?: string;
  latitude?: string;
  longitude?: string;
}

/**
 * What stays the same between heartbeats. `fence` (core/fence.ts) names the registration (the epoch): it comes first, because the Redis
 * scripts find the lease's key by it without parsing JSON.
 */
export interface Document<K extends Kind = "agent"> {
  fence: string;
  /** The epoch, ms since the Unix epoch, by the store's clock. */
  registeredAt: number;
  /** the API key's name; null under open access */
  owner: string | null;
  region: Region | null;
  registration: Kinds[K]["registration"];
  /** What the registration was answered with that its fence is of: a repetition of it gets the same. Agents' alone. */
  outcome?: Outcome;
}

export type Outcome = "created" | "replaced" | "renewed" | "restored";

/** What is kept under an id that no entry has. */
export interface Past {
  /** The fence of the last registration that was unregistered, for a day: an older one stays ended. */
  ended?: string;
  /** An operator asked the id to drain, and its entry was lost. */
  draining?: true;
}

/** One entry. It changes as a unit: a commit applies only if no part of it has changed since it was read. */
export interface Entry<K extends Kind = "agent"> {
  document: Document<K>;
  /** null: the lease has lapsed. No reader sees the agent any more; its holder may come back until the sweep reaps it. */
  lease: Kinds[K]["lease"] | null;
  /** An operator asked the id to drain, whoever holds it. */
  draining: boolean;
  /** The sweep's ledger: what it recorded of this registration last; null while it has nothing to tell. */
  mark: Mark | null;
}

/** What was found of a registration, and told. */
export type Mark = LiveMark | LapsedMark;

export interface LiveMark {
  /** `reachable` is told of nobody: it stands where there is only `silentSince` to keep. */
  state: "unreachable" | "reachable";
  /** When it was last heard, ms since the Unix epoch, as of the run that gave it as silent (agents/silence.ts). */
  silentSince?: number;
}

/** Instants are ms on the sweep's clock (agents/grace.ts). */
export interface LapsedMark {
  state: "lapsed";
  /** When a sweep first found it lapsed. */
  sinceMs: number;
  /** The last instant at which it may come back. */
  untilMs: number;
}

export type LiveEntry = Entry & { lease: Lease };

export const isLive = (entry: Entry | undefined): entry is LiveEntry =>
  entry !== undefined && entry.lease !== null;
