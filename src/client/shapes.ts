import type * as z from "zod";
import type { activationItem } from "../core/agents/activation-file.ts";
import type { EffectiveStatus, heartbeatInput, registrationInput } from "../core/agents/agent.ts";
import type { PRIORITIES } from "../core/services/binding.ts";
import type { toolsetInput } from "../core/toolsets/toolset.ts";
import type * as shapes from "../http/answers/index.ts";

/** What goes over the wire, with the types of the server's own schemas. Nothing of the server is loaded. */

type Answer<Name extends keyof typeof shapes> = z.output<(typeof shapes)[Name]>;

export type Registration = z.input<typeof registrationInput>;
export type Heartbeat = z.input<typeof heartbeatInput>;
export type Component = z.input<typeof activationItem>;
export type { EffectiveStatus, ReportedStatus } from "../core/agents/agent.ts";

export type AgentRecord = Answer<"agentRecord">;
export type AgentPage = Answer<"agentPage">;
export type Registered = Answer<"registered">;
export type HeartbeatAnswer = Answer<"heartbeatAnswer">;
export type HeartbeatResults = Answer<"heartbeatResults">;
export type ImportResults = Answer<"importResults">;
export type DrainAnswer = Answer<"drainAnswer">;
export type Discovered = Answer<"discovered">;
export type CapabilityList = Answer<"capabilityList">;
export type Stats = Answer<"stats">;
export type EventPage = Answer<"eventPage">;
export type LatestEventPage = Answer<"latestEventPage">;
export type RegistryEvent = EventPage["events"][number];
export type EventType = RegistryEvent["type"];
export type SweepSummary = Answer<"sweepSummary">;
export type Resolved = Answer<"resolved">;
export type SelectionList = Answer<"selectionList">;
export type ReportTaken = Answer<"outcomeTaken">;
export type ReadyServices = Answer<"readyServices">;
export type CheckResults = Answer<"checkResults">;
export type RuntimeServices = Answer<"runtimeServices">;
export type RuntimeHealth = Answer<"runtimeHealth">;
export type SelectionLogic = Answer<"selectionLogic">;
export type PriorityChanged = Answer<"priorityChanged">;
export type BreakersReset = Answer<"breakersReset">;
export type Health = Answer<"health">;
export type Ready = Answer<"ready">;

/** The number of each named priority. */
export type Priorities = typeof PRIORITIES;

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
/** The default `status` is `available`. */
export type DiscoverQuery = AgentFilter & {
  /** 0 to 1, inclusive (0.7) */
  min_health_score?: number | undefined;
  /** The load divided by `max_concurrency`, inclusive (0.8) */
  max_load_ratio?: number | undefined;
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
  /** Also consider offers to any handler, after those to this one (true) */
  fallback_to_global?: boolean | undefined;
  /** Where nobody can be selected, an unreachable provider will do, or a lapsed one; the answer says `fail_open` (false) */
  fail_open?: boolean | undefined;
  /** Adds `reasons`: why other providers were not chosen (false) */
  explain?: boolean | undefined;
  /** Chooses without recording the choice, so that the next choice is the same (false) */
  dry_run?: boolean | undefined;
};
export type EventFilter = {
  /** Of the agent or toolset with this id. */
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

export type ToolsetRegistration = z.input<typeof toolsetInput>;
export type ToolRegistration = ToolsetRegistration["tools"][number];
export type ToolsetList = Answer<"toolsetList">;
export type ToolsetRecord = Answer<"toolsetRecord">;
export type ToolsetRegistered = Answer<"toolsetRegistered">;
export type ToolsetLoad = Answer<"toolsetLoad">;
export type CallTaken = Answer<"callTaken">;
export type CallSettled = Answer<"callSettled">;
export type CallResult = Answer<"callResult">;
export type CallError = NonNullable<CallResult["error"]>;
export type CallIssue = NonNullable<CallError["issues"]>[number];
export type Message = Answer<"claimedMessages">["messages"][number];
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
