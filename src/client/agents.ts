import type { Read } from "./answer-cache.ts";
import type {
  AgentChanges,
  AgentEvents,
  AgentFilter,
  AgentPage,
  AgentRecord,
  Component,
  DrainAnswer,
  Heartbeat,
  HeartbeatAnswer,
  HeartbeatResults,
  ImportResults,
  MaxStale,
  PrefixRemoved,
  Registered,
  Registration,
} from "./shapes.ts";
import type { LeaseOptions, ReadOptions, RegisterOptions, RequestOptions } from "./options.ts";
import { orStale } from "./reads.ts";
import { TIMEOUT_MS, type Transport } from "./transport.ts";

/** The largest page that the registry gives. */
const PAGE_MAX = 200;

const pathOf = (id: string, rest = ""): string => `/v1/agents/${encodeURIComponent(id)}${rest}`;

export interface ImportOptions {
  /** Registers agents without heartbeats, which stay until they are removed (false). */
  static?: boolean | undefined;
  /** What the import is called, up to 256 characters ("default"): what it registered is found again by it. */
  source?: string | undefined;
  /** The components are those of the ids after this one. */
  after?: string | undefined;
  /** The components are those of the ids up to this one. */
  through?: string | undefined;
  /** Says what would be done, and does nothing (false). */
  dryRun?: boolean | undefined;
}

export type Agents = ReturnType<typeof agents>;

/** Agents, one request per method. `registry.join` registers an agent and keeps it registered. */
export const agents = ({ read, send }: Transport) => ({
  /**
   * Registers an agent, or replaces the registration under its id; with its lease token it renews, or restores what the
   * registry has lost. Scope `write`.
   *
   * Without `id` the registry makes one up. Defaults: `ttl_seconds` 300 (2 to 86,400) and `heartbeat_interval_seconds` 30 (1 to
   * 43,200; null: a static agent without heartbeats), unless the deployment has its own; `max_concurrency` 10 (null: no limit).
   *
   * @throws {RollcallError} `lease_lost` for a token that is older than what is registered, or has ended; `epoch_ahead` for
   * one to register without; `forbidden` for another key's id; `payload_too_large` for more than 32 KiB
   */
  register: (body: Registration, options: RegisterOptions = {}) =>
    send<Registered>("POST", "/v1/agents", { body, ...options }),

  /** Reads a live agent. Scope `read`. @throws {RollcallError} `agent_not_found` */
  get: (id: string, options: ReadOptions = {}) => read<Read<AgentRecord>>(pathOf(id), options),

  /**
   * Reads one page of live agents in id order, unreachable ones included. Scope `read`.
   *
   * A page may hold fewer than `limit` agents, even none, before the end: only a null `next_cursor` ends the list.
   *
   * @param query.limit   1 to 200 (100)
   * @param query.prefix  only ids that begin with it
   * @param query.cursor  the `next_cursor` of the page before
   */
  list: (
    query: AgentFilter & MaxStale & { limit?: number; cursor?: string; prefix?: string } = {},
    options: ReadOptions = {},
  ) => read<Read<AgentPage>>("/v1/agents", { query: orStale(query, options), ...options }),

  /**
   * Which of the agents that match have changed since, each as it is now, or waits for one that does. Without `since`, and where
   * the registry remembers no longer, `resync` says: read the list, then ask again with `since: cursor`. Load and `last_seen` alone
   * are told of nobody. Scope `read`.
   *
   * @param query.since  the `cursor` of the answer before
   * @param query.wait   how long to wait, 0 to 30 s (0)
   */
  changes: (
    query: Omit<AgentFilter, "status"> & {
      service?: string | readonly string[];
      since?: string;
      wait?: number;
    } = {},
    options: RequestOptions = {},
  ) =>
    read<AgentChanges>("/v1/watch", {
      query,
      timeoutMs: (query.wait ?? 0) * 1000 + TIMEOUT_MS,
      ...options,
    }),

  /** Yields every live agent that matches, in id order, and reads pages of 200 as it goes. Scope `read`. */
  async *all(query: AgentFilter = {}, options: RequestOptions = {}): AsyncGenerator<AgentRecord, void> {
    let cursor: string | null = null;
    do {
      const page: AgentPage = await read<AgentPage>("/v1/agents", {
        query: { ...query, limit: PAGE_MAX, cursor },
        ...options,
      });
      yield* page.agents;
      cursor = page.next_cursor;
    } while (cursor !== null);
  },

  /**
   * Extends the lease of an agent and reports what has changed; absent fields stay as they are. Scope `write`.
   *
   * `current_load` is 0 to 1,000,000,000, `health_score` 0 to 1; a null in `metadata` deletes that key.
   *
   * @throws {RollcallError} `agent_not_found`: register (again), with the token; `lease_lost`: another registration has the
   * id, or this one has ended;
   * `lease_token_required` without a token, unless the key is an admin's
   */
  heartbeat: (id: string, body: Heartbeat = {}, options: LeaseOptions = {}) =>
    send<HeartbeatAnswer>("POST", pathOf(id, "/heartbeat"), { body, ...options }),

  /**
   * Sends 1 to 500 heartbeats in one request. Scope `write`.
   *
   * @returns one result per heartbeat, in order: its `status` and fields are those of the single answer, or `code` and `error`
   */
  heartbeats: (
    heartbeats: readonly (Heartbeat & { id: string; lease_token?: string })[],
    options: RequestOptions = {},
  ) => send<HeartbeatResults>("POST", "/v1/heartbeats", { body: { heartbeats }, ...options }),

  /**
   * Removes an agent. Scope `write`.
   *
   * @throws {RollcallError} `agent_not_found`, `lease_lost`, or `lease_token_required` without a token, unless the key is an
   * admin's
   */
  unregister: (id: string, options: LeaseOptions = {}) => send<void>("DELETE", pathOf(id), options),

  /**
   * Removes the agents whose ids begin with `prefix`, up to 1,000: `next_cursor` of the answer goes on. Scope `admin`.
   *
   * @param query.dry_run  only tell which they are, unless false is said (true)
   */
  unregisterAll: (
    prefix: string,
    query: { dry_run?: boolean; cursor?: string | null } = {},
    options: RequestOptions = {},
  ) => send<PrefixRemoved>("DELETE", "/v1/agents", { query: { prefix, ...query }, ...options }),

  /**
   * Takes an agent out of selection at once, and asks it to finish its work and leave. Lasts, through registrations, until
   * `cancelDrain`, or until it is unregistered or reaped. Scope `write`.
   *
   * @throws {RollcallError} `agent_not_found`, or `lease_lost` for a token that is not the current one
   */
  drain: (id: string, options: LeaseOptions = {}) => send<DrainAnswer>("POST", pathOf(id, "/drain"), options),

  /** Takes the request to drain back. Scope `write`. @throws {RollcallError} as `drain` */
  cancelDrain: (id: string, options: LeaseOptions = {}) =>
    send<DrainAnswer>("DELETE", pathOf(id, "/drain"), options),

  /**
   * What happened to one agent, newest first, and how reachable it was in the last 24 h; also of one that has ended in the last
   * 30 days. Scope `read`.
   *
   * @param query.limit  1 to 200 (200)
   * @throws {RollcallError} `agent_not_found` where nothing is known of the id
   */
  events: (id: string, query: { limit?: number } = {}, options: ReadOptions = {}) =>
    read<Read<AgentEvents>>(pathOf(id, "/events"), { query, ...options }),

  /**
   * Makes what a source has registered what its activation file says; ids are `type/name`. What is as the file says is left as
   * it is, and so is an id that a process or another source has. Scope `write`.
   *
   * @param components  up to 1,000, all that the file has; of a larger file those of one part, which `after` and `through` bound
   * @returns one result per component, in order, by its `outcome`: `created`, `unchanged`, `changed`, `held` (somebody else has
   * the id), `removed` (no longer activated), `skipped` (not activated) or `failed`, with `code` and `error`; then one without
   * `index` per id that was removed, or held, because the file has no such component. Where `next` is not null, send the same
   * again with it as `after`
   */
  import: (
    components: readonly Component[],
    { static: isStatic, source, after, through, dryRun, ...options }: RequestOptions & ImportOptions = {},
  ) =>
    send<ImportResults>("POST", "/v1/agents/import", {
      body: { components },
      query: { static: isStatic, source, after, through, dry_run: dryRun },
      ...options,
    }),
});
