import type { Lease, LeaseTerms } from "../core/lease.ts";

/** An agent that opens a socket, whose holder is to hold its lease. */
export interface PresenceRequest {
  id: string;
  /** Of its registration. */
  fence: string;
  /** `intervalSeconds`: how often it pings. */
  terms: LeaseTerms;
  /** What it reported last. */
  state: Pick<Lease, "status" | "currentLoad">;
  /** The id of the API key that opens it; absent: it is configured, or none was asked for. */
  key?: string;
}

/** How a socket is closed by the registry. */
export const CLOSED = {
  /** The registry has lost the registration: to be registered again with its token. */
  gone: [4001, "agent_not_found"],
  /** The API key that opened it has ended. */
  keyEnded: [4401, "unauthorized"],
  /** What the agent sent is no report. */
  notUnderstood: [4400, "invalid_request"],
  /** Nothing was heard for 1.25 intervals. */
  silent: [4408, "silent"],
  /** Another socket of the same registration was opened. */
  moved: [4409, "moved"],
  /** Another registration has the id, or it was unregistered: `lease_lost`. */
  lost: [4410, "lease_lost"],
} as const satisfies Record<string, [code: number, reason: string]>;

/** What the registry says on a socket. */
export type HubMessage =
  | { type: "attached"; next_interval_seconds: number; desired_state: "run" | "drain" }
  | { type: "desired_state"; desired_state: "run" | "drain" };

/**
 * What has the sockets of agents, and holds their leases for as long as these are open. Every method is one request to it.
 *
 * @throws {Problem} `store_unavailable` from every method
 */
export interface Hub {
  /**
   * Opens a socket and attaches the lease.
   *
   * @param protocol  the subprotocol that is chosen
   * @returns 101 with the socket; 404: no lease of that fence is alive; 503: the hub is full
   */
  socket(request: PresenceRequest, now: number, protocol?: string): Promise<Response>;

  /** Says on an agent's socket what is wanted of it; nothing where it has none here. */
  tell(id: string, desired: "run" | "drain", now: number): Promise<void>;

  /** Closes the sockets of a registration that has ended. */
  drop(id: string, fence: string, now: number): Promise<void>;
}

/** The hub's name, which begins the names of its lives: `<hub>.<life>`. */
export const hubOf = (holder: string): string => holder.slice(0, holder.lastIndexOf("."));
