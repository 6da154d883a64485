import type { Ending, LifecycleOptions } from "./lifecycle.ts";
import type { Trace } from "./options.ts";
import type {
  CallMeta,
  McpCall,
  ToolRegistration,
  ToolsetRegistered,
  ToolsetRegistration,
} from "./shapes.ts";
import type { PayloadOf, Schema, SchemaName } from "./standard-schema.ts";

/** What a handler gets besides the payload. */
export interface CallContext {
  toolUseId: string;
  callId: string;
  /** As the caller gave it. */
  meta: CallMeta;
  /**
   * What the MCP client that called says besides: `clientCapabilities`, and where it repeats a call that a `ToolError`
   * `input_required` was the answer to, `inputResponses` and `requestState` (not to be trusted). Undefined for other callers,
   * and for clients of revisions before 2026-07-28.
   */
  mcp: McpCall | undefined;
  /** As the caller gave it. */
  trace: Trace;
  /**
   * Aborted when the answer is no longer wanted: the claim lapsed, the caller cancelled the call, or another registration
   * replaced this one.
   */
  signal: AbortSignal;
  /**
   * Sends output to the caller, in order, and extends the claim by 60 s. A claim lapses after 60 s without output, so a handler
   * that takes longer has to send some; an empty text will do. Of one call the registry takes 10,000 pieces with 4,000,000
   * characters in all (a text over 32,768 characters is several pieces); what is over that is dropped.
   *
   * Resolves when it has been sent or dropped; never rejects.
   *
   * @param stream  the name of the stream, such as `stdout`
   */
  delta: (stream: string, text: string) => Promise<void>;
}

/**
 * A tool as it is registered (its schemas, description and tags), and its handler. A schema is a JSON Schema, or one of zod or
 * the like, by which the payload has a type.
 */
export interface ServedTool<Payload extends Schema = Schema> extends Omit<
  ToolRegistration,
  "name" | SchemaName
> {
  payload_schema?: Payload | undefined;
  /** `payload_schema` by MCP's name. */
  inputSchema?: Payload | undefined;
  result_schema?: Schema | undefined;
  /** `result_schema` by MCP's name. */
  outputSchema?: Schema | undefined;
  sidecar_schema?: Schema | undefined;
  /**
   * Carries out a call. The registry has checked the payload against `payload_schema`, and checks the returned result, or the
   * promise's, against `result_schema`; undefined becomes null. A payload comes with the defaults and transformations of a
   * schema of zod or the like; what that refuses besides fails the call with `invalid_arguments`. A returned `ToolOutput` sends
   * more than the result. A thrown `ToolError` fails the call with its code, anything else with `execution_failed`. May run a
   * second time for the same call, if the first claim lapsed.
   */
  handle: (payload: PayloadOf<Payload>, context: CallContext) => unknown;
}

export type ServedTools<Payloads extends Record<string, Schema>> = {
  [Name in keyof Payloads]: ServedTool<Payloads[Name]>;
};

/** @typeParam Payloads  the tools' payload schemas by the tools' names */
export interface ToolsetDefinition<
  Payloads extends Record<string, Schema> = Record<string, Schema>,
> extends Omit<ToolsetRegistration, "tools"> {
  /** By name; 1 to 200. */
  tools: ServedTools<Payloads>;
}

export interface ServeOptions extends LifecycleOptions {
  /** How many calls to carry out at once, 1 to 100 (4). */
  concurrency?: number;
  /** Joins the registration with this token as a further provider, instead of registering. */
  leaseToken?: string | undefined;
  /** Registers the sound tools although others are refused (false); `registered` says which those are. */
  partial?: boolean;
  /**
   * Asked at each ping. While it says false no pong is sent, so the toolset becomes unhealthy and takes no calls: for tools that
   * need something else to run (always true).
   */
  isWell?: () => boolean;
}

/** A toolset that this process provides until it leaves or another process registers the name. */
export interface ServedToolset extends AsyncDisposable {
  readonly name: string;
  /** With it other processes can provide the same toolset. Changes with each registration; undefined while there is none. */
  readonly leaseToken: string | undefined;
  /**
   * The registry's answer to this process's last registration: with `partial`, which tools it `refused`; and `warnings`.
   * Undefined before it, so also while it serves by a given `leaseToken`.
   */
  readonly registered: ToolsetRegistered | undefined;
  /** How many calls are being carried out. */
  readonly running: number;
  /**
   * Replaces description, version, tags and tools, defaults included. It stays the same registration: the toolset stays
   * healthy, and calls in hand go on under the schemas that they were admitted with. A call that no provider has claimed yet
   * gets the new handler; it fails if its tool is gone. Later registrations, after the registry has lost the toolset, are of
   * this definition too. Other providers with the same `leaseToken` have to amend as well.
   *
   * Amendments are made in the order of the calls. One is retried without limit while the registry cannot be reached.
   *
   * @returns when the registry has it
   * @throws {RollcallError} if the registry refuses it (`invalid_request`, `payload_too_large`), or has another registration
   * by now (`lease_lost`); the toolset is served as it was before
   */
  amend<const Payloads extends Record<string, Schema>>(
    definition: Omit<ToolsetDefinition<Payloads>, "name">,
  ): Promise<void>;
  /** Resolves when it ends, for whatever reason; never rejects. */
  readonly ended: Promise<Ending>;
  /** Takes no more calls, finishes those it has, and ends. The toolset stays registered. Never rejects. */
  leave(): Promise<void>;
}
