import { agents, type CallOptions } from "./agents.ts";
import { callTool, type CallToolOptions, type ToolCall } from "./call.ts";
import type { Clock } from "./clock.ts";
import { followEvents } from "./events.ts";
import { join, type JoinOptions } from "./join.ts";
import { type ServeOptions, serveToolset, type ToolsetDefinition } from "./serve.ts";
import { services } from "./services.ts";
import type {
  CapabilityList,
  Discovered,
  DiscoverQuery,
  EventPage,
  Health,
  Ready,
  Registration,
  Stats,
  SweepSummary,
} from "./shapes.ts";
import { toolsets } from "./toolsets.ts";
import { type ClientOptions, createTransport } from "./transport.ts";

export type Registry = ReturnType<typeof registry>;

/** Everything the registry can be asked. Every method rejects with a `RollcallError`. */
export function registry(options: ClientOptions, clock: Clock) {
  const transport = createTransport(options, clock);
  const { send } = transport;
  return {
    agents: agents(transport),
    services: services(transport),
    toolsets: toolsets(transport),

    /** Registers an agent that stays registered until it leaves: `await using agent = await registry.join({…})`. */
    join: (registration: Registration, joining: JoinOptions = {}) =>
      join(transport, clock, registration, joining),

    /** Provides tools: `await using served = await registry.serveToolset({ name, tools: { upper: { …, handle } } })`. */
    serveToolset: (definition: ToolsetDefinition, serving: ServeOptions = {}) =>
      serveToolset(transport, clock, definition, serving),

    /** Calls a tool, and resolves to its result. */
    callTool: <T = unknown>(call: ToolCall, calling: CallToolOptions = {}) =>
      callTool<T>(transport, clock, call, calling),

    /** Who can do this, now? Least loaded first; nobody is an empty list. */
    discover: (query: DiscoverQuery = {}, call: CallOptions = {}) =>
      send<Discovered>("GET", "/v1/discover", { query, ...call }),

    capabilities: (call: CallOptions = {}) => send<CapabilityList>("GET", "/v1/capabilities", call),
    stats: (call: CallOptions = {}) => send<Stats>("GET", "/v1/stats", call),

    /** What happened after the revision `since`; ask again with `next_since`. */
    events: (query: { since?: number; limit?: number } = {}, call: CallOptions = {}) =>
      send<EventPage>("GET", "/v1/events", { query, ...call }),
    /** What happens, as it happens: `for await (const event of registry.follow())`. */
    follow: (following: CallOptions & { since?: number | undefined } = {}) =>
      followEvents(transport, clock, following),

    /** Calls the roll now, as the registry does every minute. */
    sweep: (call: CallOptions = {}) =>
      send<SweepSummary>("POST", "/v1/sweep", { timeoutMs: 120_000, ...call }),
    /** Whether the registry is up, and whether its store answers. */
    health: (call: CallOptions = {}) => send<Health>("GET", "/health", call),
    ready: (call: CallOptions = {}) => send<Ready>("GET", "/ready", call),
  };
}
