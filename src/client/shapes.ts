import type { Answers, Inputs } from "./wire.ts";

export type { Priorities } from "./wire.ts";

export type Registration = Inputs["registration"];
export type Heartbeat = Inputs["heartbeat"];
export type Component = Inputs["component"];

/** What the registry says of its age is told as `Read` has it. */
type Timely<T> = Omit<T, "stale">;

export type AgentRecord = Answers["agent"];
export type AgentPage = Timely<Answers["agentPage"]>;
export type AgentChanges = Answers["agentChanges"];
export type Registered = Answers["registered"];
export type HeartbeatAnswer = Answers["heartbeatAnswer"];
export type HeartbeatResults = Answers["heartbeatResults"];
export type ImportResults = Answers["importResults"];
export type PrefixRemoved = Answers["prefixRemoved"];
export type DrainAnswer = Answers["drainAnswer"];
export type Discovered = Timely<Answers["discovered"]>;
export type CapabilityList = Answers["capabilityList"];
export type Stats = Answers["stats"];
export type StatsHistory = Answers["statsHistory"];
export type Marker = Answers["marker"];
export type AlertList = Answers["alertList"];
export type EventPage = Answers["eventPage"];
export type LatestEventPage = Answers["latestEventPage"];
export type EntryEvents = Answers["entryEvents"];
export type AgentEvents = Answers["agentEvents"];
export type RegistryEvent = EventPage["events"][number];
export type EventType = RegistryEvent["type"];
export type SweepSummary = Answers["sweepSummary"];
export type Resolved = Timely<Answers["resolved"]>;
export type SelectionList = Answers["selectionList"];
export type ReportTaken = Answers["outcomeTaken"];
export type ReadyServices = Answers["readyServices"];
export type CheckResults = Answers["checkResults"];
export type ServiceNames = Answers["serviceNames"];
export type RuntimeServices = Answers["runtimeServices"];
export type RuntimeHealth = Answers["runtimeHealth"];
export type SelectionLogic = Answers["selectionLogic"];
export type PriorityChanged = Answers["priorityChanged"];
export type BreakersReset = Answers["breakersReset"];
export type KeyRequest = Inputs["key"];
export type MadeKey = Answers["madeKey"];
export type KeyList = Answers["keyList"];
export type ExportLine = Answers["exportLine"];
export type Restored = Answers["restored"];
export type SubscriptionRequest = Inputs["subscription"];
export type Subscription = Answers["subscription"];
export type SignedSubscription = Answers["signedSubscription"];
export type SubscriptionList = Answers["subscriptionList"];
export type TestDelivery = Answers["testDelivery"];
export type WhoAmI = Answers["whoAmI"];
export type Health = Answers["health"];
export type Ready = Answers["ready"];

export type EffectiveStatus = AgentRecord["effective_status"];
export type ReportedStatus = AgentRecord["status"];
export type DesiredState = HeartbeatAnswer["desired_state"];

/** `healthy` means `available`. */
type Status = EffectiveStatus | "healthy";
/** An agent has to have every one of a list, which holds up to 16. */
type Every = string | readonly string[];

export type AgentFilter = {
  type?: string | undefined;
  capability?: Every | undefined;
  tag?: Every | undefined;
  /** The effective status; any one of a list. */
  status?: Status | readonly Status[] | undefined;
};
export type MaxStale = {
  /** Answers without asking the store, by what was read of it at most so many s ago, 0 to 10 (0) */
  max_stale?: number | undefined;
};
/** The default `status` is `available`; `accepting` is available, or busy with a load below `max_concurrency`. */
export type DiscoverQuery = Omit<AgentFilter, "status"> &
  MaxStale & {
    status?: Status | "accepting" | readonly (Status | "accepting")[] | undefined;
    /** 0 to 1, inclusive (0.7) */
    min_health_score?: number | undefined;
    /** The load divided by `max_concurrency`, inclusive (0.8) */
    max_load_ratio?: number | undefined;
    /** By which load the least loaded come first (`load_ratio`) */
    sort?: "load_ratio" | "current_load" | undefined;
    /** How many agents to return, 1 to 1,000 (100) */
    limit?: number | undefined;
    /** Looks at every candidate, of which there may be 5,000, instead of a sample (false) */
    exact?: boolean | undefined;
    /** Where nobody passes, answers with unreachable agents, then lapsed ones, and says `fail_open` (false) */
    fail_open?: boolean | undefined;
    /** Adds `excluded`: why candidates were left out (false) */
    explain?: boolean | undefined;
  };
export type ResolveQuery = {
  /** Who asks; absent: only offers to any handler are considered. */
  handler?: string | undefined;
  capability?: Every | undefined;
  /** Ids of up to 16 providers that are not to be chosen. */
  exclude?: string | readonly string[] | undefined;
  /** Also consider offers to any handler, after those to this one (true) */
  fallback_to_global?: boolean | undefined;
  /** Where nobody can be selected, an unreachable provider will do, or a lapsed one; the answer says `fail_open` (false) */
  fail_open?: boolean | undefined;
  /** Adds `providers`: up to so many that can be used, the one to use now first, 1 to 1,000 */
  limit?: number | undefined;
  /** Adds `reasons`: why other providers were not chosen (false) */
  explain?: boolean | undefined;
  /** Chooses without recording the choice, so that the next choice is the same (false) */
  dry_run?: boolean | undefined;
  /** Of a dry run: by providers that were read at most so many s ago, 0 to 10 (0) */
  max_stale?: number | undefined;
};
export type EventFilter = {
  /** Of whatever has this id: an agent and what it provides, a toolset, a service, a key, a namespace. */
  id?: string | undefined;
  /** Of this type; any one of a list. */
  type?: EventType | readonly EventType[] | undefined;
};
/** How a call to a provider went. */
export type CallReport = {
  service: string;
  provider_id: string;
  /** As `resolve` gave it: the outcome then counts once, and moves the breaker. null: none. */
  selection_id?: string | null | undefined;
  success: boolean;
  /** 0 to 86,400,000 */
  latency_ms?: number | undefined;
  /** Up to 4,096 characters */
  error?: string | undefined;
};

export type ToolsetRegistration = Inputs["toolset"];
export type ToolRegistration = ToolsetRegistration["tools"][number];
export type ToolsetList = Answers["toolsetList"];
export type ToolsetRecord = Answers["toolset"];
export type ToolsetRegistered = Answers["toolsetRegistered"];
export type ToolsetLoad = Answers["toolsetLoad"];
export type CallTaken = Answers["callTaken"];
export type CallSettled = Answers["callSettled"];
export type CallResult = Answers["callResult"];
export type CallError = NonNullable<CallResult["error"]>;
export type CallIssue = NonNullable<CallError["issues"]>[number];
export type Message = Answers["claimedMessages"]["messages"][number];
export type Ping = Extract<Message, { type: "ping" }>;
export type ClaimedCall = Extract<Message, { type: "call" }>;
export type CallMeta = ClaimedCall["meta"];
export type McpCall = NonNullable<ClaimedCall["mcp"]>;
export type Delta = { stream: string; delta: string };
/** At most 100 objects that go to the caller beside a result or an error, such as MCP's content blocks. */
export type ServerData = readonly Record<string, unknown>[];
/** A provider's answer to a call. */
export type CallAnswer =
  | { result: unknown; bounds?: Record<string, unknown>; server_data?: ServerData }
  | { error: CallError; server_data?: ServerData };
