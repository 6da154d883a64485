import { agents } from "./agents.ts";
import type { Read } from "./answer-cache.ts";
import { callTool } from "./call.ts";
import { backup } from "./backup.ts";
import type { Clock } from "./clock.ts";
import { followEvents } from "./events.ts";
import { join } from "./join.ts";
import type { JoinOptions } from "./joined-agent.ts";
import { keys } from "./keys.ts";
import type { ClientOptions, ReadOptions, RequestOptions } from "./options.ts";
import { Outcomes } from "./outcomes.ts";
import { orStale, withReads } from "./reads.ts";
import { serveToolset } from "./serve.ts";
import type { ServeOptions, ToolsetDefinition } from "./served-toolset.ts";
import { services } from "./services.ts";
import type {
  AlertList,
  CapabilityList,
  Discovered,
  DiscoverQuery,
  EventFilter,
  EventPage,
  Health,
  LatestEventPage,
  Marker,
  Ready,
  Registration,
  Stats,
  StatsHistory,
  SweepSummary,
  WhoAmI,
} from "./shapes.ts";
import type { OpenSocket } from "./socket.ts";
import type { Schema } from "./standard-schema.ts";
import type { CallToolOptions, ToolCall } from "./tool-call.ts";
import { subscriptions } from "./subscriptions.ts";
import { toolsets } from "./toolsets.ts";
import { createTransport } from "./transport.ts";
import { watch, type WatchOptions, type WatchQuery } from "./watch.ts";
import { type UseProvider, withProvider, type WithProviderOptions } from "./with-provider.ts";

const SWEEP_TIMEOUT_MS = 120_000;

/**
 * One registry, as a key or open access shows it.
 *
 * A method sends one request. A read is sent again while the registry is out, up to twice and as long as its timeout allows,
 * after 0.5 to 1 s and then after 1 to 2 s, or when `Retry-After` says. Nothing else is, nor `health` and `ready`, but for `join`, `serveToolset`,
 * `callTool`, `withProvider`, `watch` and `follow`, which say what they retry. Each names the scope that the key needs.
 *
 * Methods reject with a `RollcallError`, or with the reason of an aborted signal. Any of them may reject with `network`,
 * `timeout`, `unexpected_answer`, `invalid_request`, `unauthorized`, `forbidden`, `payload_too_large` (a body over 256 KiB, an
 * answer to a call over 1 MiB), `store_unavailable`, `not_configured` or `internal`; the methods name the further codes. An outage is never an empty list.
 */
export type Registry = ReturnType<typeof registry>;

/** @param Socket  undefined: toolsets are served by long polls, and agents send heartbeats */
export function registry(options: ClientOptions, clock: Clock, Socket?: OpenSocket) {
  const transport = createTransport(options, clock, Socket);
  const reading = withReads(transport, clock, options);
  const { read, send } = reading;
  const serviceCalls = services(reading);
  const outcomes = new Outcomes(serviceCalls, clock);
  return {
    agents: agents(reading),
    services: serviceCalls,
    toolsets: toolsets(reading),
    keys: keys(reading),
    backup: backup(reading),
    subscriptions: subscriptions(reading),

    /**
     * Registers an agent and keeps it registered until it leaves: `await using agent = await registry.join({ … })`. Scope
     * `write`.
     *
     * Holds the lease by a WebSocket, so that a drain comes at once, and that this process has ended is seen within a second;
     * by heartbeats where none can be opened: on Node.js before 22, in a browser with a key or a namespace, or through a proxy
     * that lets none through. Calls in at the interval that the registry asks for, and reports changes at once. Registers again
     * when the registry has lost the agent. Retries without limit while the registry cannot be reached, after 1 s and then ever less often, up to
     * 30 s or the heartbeat interval.
     *
     * @returns the agent, as soon as it is registered
     * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
     */
    join: (registration: Registration, joining: JoinOptions = {}) =>
      join(transport, clock, registration, joining),

    /**
     * Provides tools: `await using served = await registry.serveToolset({ name, tools: { upper: { …, handle } } })`. Scope
     * `write`.
     *
     * Registers the toolset, answers pings, and carries out calls until it leaves. They come over a WebSocket, or by long polls
     * where none can be opened: on Node.js before 22, in a browser, or through a proxy that lets none through. `served.amend`
     * changes the tools.
     *
     * Registers again when the registry has lost the toolset, but not with a given `leaseToken`. Retries without limit while
     * the registry cannot be reached, after 1 s and then ever less often, up to 30 s. An output or answer is retried up to 8
     * times.
     *
     * @returns the toolset, as soon as its tools can be called
     * @throws {RangeError} for a `concurrency` out of range
     * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
     */
    serveToolset: <const Payloads extends Record<string, Schema>>(
      definition: ToolsetDefinition<Payloads>,
      serving: ServeOptions = {},
    ) => serveToolset(transport, clock, definition, serving),

    /**
     * Calls a tool, and resolves to its result. There is no time limit but the registry's: 300 s for a provider to claim the
     * call, and 60 s without output for the provider, three times. Scope `write`.
     *
     * Retries each step up to 8 times in a row while the registry cannot be reached. It is the same call each time, and
     * carried out once. Aborting the signal, or throwing in `onDelta`, cancels the call: it fails as `cancelled`, also for others
     * who wait for the same `tool_call_id`, and the signal of the handler that carries it out is aborted. This waits up to 2 s
     * for the registry to confirm that; if it cannot be reached, the call may go on.
     *
     * @throws {ToolError} if the call failed
     * @throws {RollcallError} if the call was not accepted (`toolset_not_found`, `tool_not_found`, `toolset_unhealthy`,
     * `queue_full`, `call_conflict`, or `invalid_request` for a payload that does not match the tool's schema), or its result
     * could not be read; what `onDelta` throws; or the signal's reason
     * @see retryHint for what can be done about an error
     */
    callTool: <T = unknown>(call: ToolCall, calling: CallToolOptions = {}) =>
      callTool<T>(transport, clock, call, calling),

    /**
     * Uses a service: resolves it, hands the provider to `use`, and reports in the background how it went. If that fails or
     * misses its deadline, goes on with the next provider. Scopes `read` and `write`.
     *
     * @returns what `use` returned
     * @throws {ProviderError} if all that were tried failed: each one's failure, and why the registry names no other
     * @throws {RollcallError} if nobody could be tried: as of `services.resolve`
     * @throws {RangeError} for `attempts` out of range; or what `isFailure` declines, or the signal's reason
     * @see flush
     */
    withProvider: <T>(service: string, using: WithProviderOptions, use: UseProvider<T>) =>
      withProvider({ services: serviceCalls, outcomes, clock }, service, using, use),

    /**
     * Waits until the outcomes of `withProvider` so far have been reported, before a program ends. Never rejects: what the
     * registry refuses is given up, and so is all that waits when it was out for 8 attempts in a row, over a minute or more.
     */
    flush: () => outcomes.flush(),

    /**
     * Finds the agents that match and can take work now, least loaded first; an empty list if there are none. Scope `read`.
     *
     * Of more than 200 matches it looks at a random sample, and says so (`sampled`), unless the query is `exact`.
     *
     * @throws {RollcallError} `too_many_candidates` for an exact query that more than 5,000 agents match
     */
    discover: (query: DiscoverQuery = {}, requested: ReadOptions = {}) =>
      read<Read<Discovered>>("/v1/discover", { query: orStale(query, requested), ...requested }),

    /**
     * Yields the agents that match and can take work, as `discover` finds them: at once, and anew whenever something about them
     * has changed. `for await (const agents of registry.watch({ capability: "x" }))`. Ends when the signal is aborted. Scope
     * `read`. Looks every `intervalMs`, and sooner, at most once a second, when the registry tells of a change; it is not told
     * of load.
     *
     * Retries without limit while the registry cannot be reached, and yields nothing then. Unlike `discover` it looks at every
     * match, unless `exact` is false. `timeoutMs` is for each look.
     *
     * @throws {RollcallError} one that is not transient, such as `unauthorized`, or `too_many_candidates` as of `discover`
     */
    watch: (query: WatchQuery = {}, watching: WatchOptions = {}) => watch(transport, clock, query, watching),

    /**
     * Reads one page of the capabilities of live agents, by name, with how many agents have each. Scope `read`.
     *
     * @param query.prefix  only names that begin with it
     * @param query.limit   1 to 1,000 (100)
     * @param query.cursor  the `next_cursor` of the page before; null at the end
     */
    capabilities: (
      query: { prefix?: string; limit?: number; cursor?: string } = {},
      requested: ReadOptions = {},
    ) => read<Read<CapabilityList>>("/v1/capabilities", { query, ...requested }),

    /**
     * Counts live agents by type and effective status: the 100 types with the most agents, and the agents of all
     * `other_types`. Scope `read`.
     */
    stats: (requested: ReadOptions = {}) => read<Read<Stats>>("/v1/stats", requested),

    /**
     * Reads a text that is another one once something was told, up to 1 s old: to know whether to read anything else again.
     * Scope `read`.
     */
    marker: (requested: RequestOptions = {}) => read<Marker>("/v1/marker", requested),

    /** Reads how many agents were in which states in the last 24 h, and how many tool calls were not settled. Scope `read`. */
    statsHistory: (requested: RequestOptions = {}) => read<StatsHistory>("/v1/stats/history", requested),

    /** Reads what is wrong, the worst first, as the last sweep found it: at most 100. Scope `read`. */
    alerts: (requested: RequestOptions = {}) => read<AlertList>("/v1/alerts", requested),

    /**
     * Reads the events after the cursor `since`, oldest first; the next page begins at its `next_since`. With an `id` or a
     * `type`, 1,000 events are examined, so that a page may hold fewer than `limit` before the end. Scope `read`.
     *
     * @param query.since  a `next_since`, or the `cursor` of an event; absent: from the oldest event that is kept
     * @param query.limit  1 to 1,000 (100)
     * @throws {RollcallError} `cursor_too_old` if events after `since` may be missing
     */
    events: (query: EventFilter & { since?: string; limit?: number } = {}, requested: RequestOptions = {}) =>
      read<EventPage>("/v1/events", { query, ...requested }),

    /**
     * Reads the newest events, newest first. With an `id` or a `type`, 1,000 events are examined, so that a page may hold fewer
     * than `limit` before the end: only a null `next_cursor` ends the list. Scope `read`.
     *
     * @param query.limit   1 to 1,000 (100)
     * @param query.cursor  the `next_cursor` of the page before
     * @throws {RollcallError} `cursor_too_old` if the history of `cursor` was lost
     */
    latestEvents: (
      query: EventFilter & { limit?: number; cursor?: string | null } = {},
      requested: RequestOptions = {},
    ) => read<LatestEventPage>("/v1/events", { query: { order: "desc", ...query }, ...requested }),

    /**
     * Yields events as they happen: `for await (const event of registry.follow())`. Ends when the signal is aborted. Polls
     * every 2 s. Scope `read`.
     *
     * Retries without limit while the registry cannot be reached. If events may be missing after the last one, it
     * continues with the oldest that is kept. `timeoutMs` has no effect.
     *
     * @param following.since  the `cursor` of the event to begin after; absent: from the oldest event that is kept
     * @throws {RollcallError} one that is not transient, such as `unauthorized`
     */
    follow: (following: RequestOptions & EventFilter & { since?: string | undefined } = {}) =>
      followEvents(transport, clock, following),

    /**
     * Runs a sweep now, as the registry does every minute: finds silent agents and removes those whose lease has ended. Waits up
     * to 120 s by default. Scope `admin`.
     *
     * @param requested.olderThanSeconds  give in `marked`, once, who was last heard longer ago: 0 to 86,400
     */
    sweep: ({ olderThanSeconds, ...requested }: RequestOptions & { olderThanSeconds?: number } = {}) =>
      send<SweepSummary>("POST", "/v1/sweep", {
        query: { older_than: olderThanSeconds },
        timeoutMs: SWEEP_TIMEOUT_MS,
        ...requested,
      }),

    /** What the registry takes the client for: name, scopes, namespace, and when its key ends. Any key may ask. */
    whoami: (requested: RequestOptions = {}) => read<WhoAmI>("/v1/whoami", requested),

    /** Whether the registry is up; says nothing of its store. Needs no key. */
    health: (requested: RequestOptions = {}) => send<Health>("GET", "/health", requested),

    /** Whether the store answers, and takes writes. Scope `read`. @throws {RollcallError} `store_unavailable`, `store_full` */
    ready: (requested: RequestOptions = {}) => send<Ready>("GET", "/ready", requested),
  };
}
