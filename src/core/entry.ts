import type { Registration } from "./agents/agent.ts";
import type { Lease } from "./lease.ts";
import type { ToolsetPulse, ToolsetRegistration } from "./toolsets/toolset.ts";

/** What each kind of entry keeps; core/kinds.ts has the rules of each. The store treats all kinds alike. */
export interface Kinds {
  agent: { registration: Registration; lease: Lease };
  /** A toolset's lease never lapses: it stays in the catalogue, healthy or not, until it is unregistered. */
  toolset: { registration: ToolsetRegistration; lease: ToolsetPulse };
}
export type Kind = keyof Kinds;

export interface Ref<K extends Kind = "agent"> {
  kind: K;
  id: string;
}

/** Where the registering request came from, as the platform saw it. */
export interface Region {
  colo?: string;
  country?: string;
  continent?: string;
  latitude?: string;
  longitude?: string;
}

/**
 * What stays the same between heartbeats. `fence` names the registration (the epoch): it comes first, because the Redis
 * scripts find the lease's key by it without parsing JSON.
 */
export interface Document<K extends Kind = "agent"> {
  fence: string;
  /** ms since the Unix epoch */
  registeredAt: number;
  /** the API key's name; null under open access */
  owner: string | null;
  region: Region | null;
  registration: Kinds[K]["registration"];
}

/** One entry, whole: it changes as a unit, and a commit applies only if all of it is still as it was read. */
export interface Entry<K extends Kind = "agent"> {
  document: Document<K>;
  /** null: the lease has lapsed. An agent is gone for every reader then, and waits to be reaped. */
  lease: Kinds[K]["lease"] | null;
  /** An operator asked this registration to drain. */
  draining: boolean;
  /** The sweep's ledger: it last saw, and told, this registration as unreachable. */
  unreachable: boolean;
}

export type LiveEntry = Entry & { lease: Lease };

export const isLive = (entry: Entry | undefined): entry is LiveEntry =>
  entry !== undefined && entry.lease !== null;
