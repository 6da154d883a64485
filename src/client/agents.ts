import type {
  AgentFilter,
  AgentPage,
  AgentRecord,
  Component,
  DrainAnswer,
  Heartbeat,
  HeartbeatAnswer,
  HeartbeatResults,
  ImportResults,
  Registered,
  Registration,
} from "./shapes.ts";
import type { Transport } from "./transport.ts";

/** `signal` gives up waiting for the answer; the registry may have acted all the same. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

export interface LeaseOptions extends CallOptions {
  /** As the registration answered with it. */
  leaseToken?: string | undefined;
}

const pathOf = (id: string, rest = ""): string => `/v1/agents/${encodeURIComponent(id)}${rest}`;

export type Agents = ReturnType<typeof agents>;

export const agents = ({ send }: Transport) => ({
  /** Registers once. `registry.join` also stays registered; with the current lease token, this renews. */
  register: (body: Registration, options: LeaseOptions = {}) =>
    send<Registered>("POST", "/v1/agents", { body, ...options }),

  get: (id: string, options: CallOptions = {}) => send<AgentRecord>("GET", pathOf(id), options),

  /** One page, in id order; the next one begins at its `next_cursor`. */
  list: (query: AgentFilter & { limit?: number; cursor?: string } = {}, options: CallOptions = {}) =>
    send<AgentPage>("GET", "/v1/agents", { query, ...options }),

  /** Everyone, page by page. */
  async *all(query: AgentFilter = {}, options: CallOptions = {}): AsyncGenerator<AgentRecord, void> {
    let cursor: string | null = null;
    do {
      const page: AgentPage = await send<AgentPage>("GET", "/v1/agents", {
        query: { ...query, limit: 200, cursor },
        ...options,
      });
      yield* page.agents;
      cursor = page.next_cursor;
    } while (cursor !== null);
  },

  heartbeat: (id: string, body: Heartbeat = {}, options: LeaseOptions = {}) =>
    send<HeartbeatAnswer>("POST", pathOf(id, "/heartbeat"), { body, ...options }),

  /** Calls in for up to 500 at once; each has a result of its own, in order. */
  heartbeats: (
    heartbeats: readonly (Heartbeat & { id: string; lease_token?: string })[],
    options: CallOptions = {},
  ) => send<HeartbeatResults>("POST", "/v1/heartbeats", { body: { heartbeats }, ...options }),

  unregister: (id: string, options: LeaseOptions = {}) => send<void>("DELETE", pathOf(id), options),

  /** Takes an agent out of selection at once, and asks it to finish what it has. */
  drain: (id: string, options: LeaseOptions = {}) => send<DrainAnswer>("POST", pathOf(id, "/drain"), options),

  cancelDrain: (id: string, options: LeaseOptions = {}) =>
    send<DrainAnswer>("DELETE", pathOf(id, "/drain"), options),

  /**
   * Registers the activated components of an activation file, up to 1,000; each has a result of its own, in order.
   *
   * @param options.static  components that never call in, and stay until they are unregistered
   */
  import: (components: readonly Component[], options: CallOptions & { static?: boolean } = {}) =>
    send<ImportResults>("POST", "/v1/agents/import", {
      body: { components },
      query: { static: options.static },
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    }),
});
