import type * as z from "zod";
import type {
  activationItem,
  EffectiveStatus,
  heartbeatInput,
  registrationInput,
} from "../core/agents/agent.ts";
import type { toolsetInput } from "../core/toolsets/toolset.ts";
import type * as shapes from "../http/answers/index.ts";

/** What goes over the wire, as the server's own schemas say it. */

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
export type RegistryEvent = EventPage["events"][number];
export type SweepSummary = Answer<"sweepSummary">;
export type Resolved = Answer<"resolved">;
export type SelectionList = Answer<"selectionList">;
export type OutcomeTaken = Answer<"outcomeTaken">;
export type ReadyServices = Answer<"readyServices">;
export type CheckResults = Answer<"checkResults">;
export type RuntimeServices = Answer<"runtimeServices">;
export type RuntimeHealth = Answer<"runtimeHealth">;
export type SelectionLogic = Answer<"selectionLogic">;
export type PriorityChanged = Answer<"priorityChanged">;
export type BreakersReset = Answer<"breakersReset">;
export type Health = Answer<"health">;
export type Ready = Answer<"ready">;

export type DesiredState = HeartbeatAnswer["desired_state"];

/** `healthy` means `available`. */
type Status = EffectiveStatus | "healthy";
/** Of a list, all have to be met. */
type Every = string | readonly string[];

export type AgentFilter = {
  type?: string | undefined;
  capability?: Every | undefined;
  tag?: Every | undefined;
  /** Of a list, any will do. */
  status?: Status | readonly Status[] | undefined;
};
export type DiscoverQuery = AgentFilter & {
  min_health_score?: number | undefined;
  max_load_ratio?: number | undefined;
  limit?: number | undefined;
  exact?: boolean | undefined;
  explain?: boolean | undefined;
};
export type ResolveQuery = {
  handler?: string | undefined;
  capability?: Every | undefined;
  fallback_to_global?: boolean | undefined;
  explain?: boolean | undefined;
  dry_run?: boolean | undefined;
};
export type Outcome = {
  service: string;
  provider_id: string;
  /** As `resolve` gave it; the outcome then counts once, however often it is reported. */
  selection_id?: string | undefined;
  success: boolean;
  latency_ms?: number | undefined;
  error?: string | undefined;
};

export type ToolsetRegistration = z.input<typeof toolsetInput>;
export type ToolRegistration = ToolsetRegistration["tools"][number];
export type ToolsetList = Answer<"toolsetList">;
export type ToolsetRecord = Answer<"toolsetRecord">;
export type ToolsetRegistered = Answer<"toolsetRegistered">;
export type ToolsetLoad = Answer<"toolsetLoad">;
export type CallTaken = Answer<"callTaken">;
export type CallResult = Answer<"callResult">;
export type CallError = NonNullable<CallResult["error"]>;
export type CallIssue = NonNullable<CallError["issues"]>[number];
export type Message = Answer<"claimedMessages">["messages"][number];
export type Ping = Extract<Message, { type: "ping" }>;
export type ClaimedCall = Extract<Message, { type: "call" }>;
export type CallMeta = ClaimedCall["meta"];
export type Delta = { stream: string; delta: string };
/** What a provider answers. */
export type CallAnswer =
  | { result: unknown; bounds?: Record<string, unknown>; server_data?: Record<string, unknown>[] }
  | { error: CallError };
