import type { Read } from "./answer-cache.ts";
import type {
  CallAnswer,
  CallMeta,
  CallResult,
  CallSettled,
  CallTaken,
  Delta,
  EntryEvents,
  Message,
  ToolsetList,
  ToolsetLoad,
  ToolsetRecord,
  ToolsetRegistered,
  ToolsetRegistration,
} from "./shapes.ts";
import type { LeaseOptions, ReadOptions, RegisterOptions, RequestOptions } from "./options.ts";
import { TIMEOUT_MS, type Transport } from "./transport.ts";

export const toolsetPath = (name: string, rest = ""): string =>
  `/v1/toolsets/${encodeURIComponent(name)}${rest}`;
export const callPath = (name: string, callId: string): string =>
  toolsetPath(name, `/calls/${encodeURIComponent(callId)}`);

export type Toolsets = ReturnType<typeof toolsets>;

/** Toolsets, one request per method. `registry.serveToolset` and `registry.callTool` do what a provider and a caller need. */
export const toolsets = ({ read, send }: Transport) => ({
  /**
   * Registers a toolset of 1 to 200 tools, or replaces the one of this name and ends its calls (`stale_registration`);
   * with its lease token it amends it, or restores what the registry has lost. It is unhealthy until a provider answers a ping,
   * unless it was amended. Scope `write`.
   *
   * @param options.partial  registers the sound tools although others are refused, and says which those are (false)
   * @throws {RollcallError} `invalid_request` also for a schema that the registry does not support; `forbidden` if the name is
   * another key's; `lease_lost` for a token that is older than what is registered, or has ended; `epoch_ahead` for one to
   * register without; `store_contended`
   */
  register: (
    body: ToolsetRegistration,
    { partial = false, ...options }: RegisterOptions & { partial?: boolean } = {},
  ) =>
    send<ToolsetRegistered>("POST", "/v1/toolsets", {
      body,
      ...(partial && { query: { partial } }),
      ...options,
    }),

  /**
   * Reads toolsets by name, without their tools; at most 1,000, then `truncated` is set. Scope `read`.
   *
   * @param query.tag      all of these, at most 16
   * @param query.healthy  only those that can be called now (false)
   */
  list: (query: { tag?: string | readonly string[]; healthy?: boolean } = {}, options: ReadOptions = {}) =>
    read<Read<ToolsetList>>("/v1/toolsets", { query, ...options }),

  /**
   * Reads the toolsets that have `q` in their name, description or a tag, as `list` does. Scope `read`.
   *
   * @param q  1 to 1,024 characters
   */
  search: (q: string, query: { healthy?: boolean } = {}, options: ReadOptions = {}) =>
    read<Read<ToolsetList>>("/v1/toolsets/search", { query: { q, ...query }, ...options }),

  /** Reads a toolset with its tools and their schemas. Scope `read`. @throws {RollcallError} `toolset_not_found` */
  get: (name: string, options: ReadOptions = {}) => read<Read<ToolsetRecord>>(toolsetPath(name), options),

  /**
   * Removes a toolset and ends its calls (`stale_registration`). Scope `write`.
   *
   * @throws {RollcallError} `toolset_not_found`, `lease_lost`, `store_contended`, or `lease_token_required` without a token,
   * unless the key is an admin's
   */
  unregister: (name: string, options: LeaseOptions = {}) => send<void>("DELETE", toolsetPath(name), options),

  /** What happened to one toolset, as of an agent. Scope `read`. @throws {RollcallError} `toolset_not_found` */
  events: (name: string, query: { limit?: number } = {}, options: ReadOptions = {}) =>
    read<Read<EntryEvents>>(toolsetPath(name, "/events"), { query, ...options }),

  /** Counts the calls that wait, the calls that are claimed, and the consumers. Scope `read`. @throws {RollcallError} `toolset_not_found` */
  load: (name: string, options: RequestOptions = {}) =>
    read<ToolsetLoad>(toolsetPath(name, "/calls"), options),

  /**
   * Attaches as a consumer and takes calls and pings, or waits for some. Each call is this consumer's for 60 s. Scope `write`.
   *
   * @param body.consumer  the consumer's own id, 1 to 128 characters
   * @param body.max       how many calls to take, 0 to 100; 0 takes pings only
   * @param body.wait      how long to wait, 0 to 30 s
   * @throws {RollcallError} `toolset_not_found`, `lease_lost`, `store_contended`
   */
  claim: (
    name: string,
    body: { consumer: string; max: number; wait: number },
    options: LeaseOptions = {},
  ): Promise<{ messages: Message[] }> =>
    send("POST", toolsetPath(name, "/claims"), {
      body,
      timeoutMs: body.wait * 1000 + TIMEOUT_MS,
      ...options,
    }),

  /**
   * Answers a ping, which shows that the toolset has a provider. Scope `write`.
   *
   * @throws {RollcallError} `toolset_not_found`, `lease_lost`, `store_contended`, or `stale_registration` for a ping of an earlier
   * registration
   */
  pong: (name: string, pingId: string, options: LeaseOptions = {}) =>
    send<unknown>("POST", toolsetPath(name, "/pong"), { body: { ping_id: pingId }, ...options }),

  /**
   * Sends a piece of output of a claimed call, and extends the claim to 60 s from now. Scope `write`.
   *
   * @param body.seq  1 for the first piece of a claim, then one more each; a repeated one is taken once
   * @throws {RollcallError} `call_not_found`, `call_settled`, `claim_lost`, `stream_full`, `toolset_not_found`, `lease_lost`,
   * `store_contended`
   */
  delta: (
    name: string,
    callId: string,
    body: Delta & { claim_id: string; seq: number },
    options: LeaseOptions = {},
  ) => send<unknown>("POST", `${callPath(name, callId)}/delta`, { body, ...options }),

  /**
   * Answers a claimed call with its result or its error. A result that does not match the tool's `result_schema` fails the call
   * with `invalid_result`. Scope `write`.
   *
   * @throws {RollcallError} `call_not_found`, `call_settled`, `claim_lost`, `toolset_not_found`, `lease_lost`, `store_contended`
   */
  settle: (
    name: string,
    callId: string,
    body: CallAnswer & { claim_id: string },
    options: LeaseOptions = {},
  ) => send<unknown>("POST", `${callPath(name, callId)}/result`, { body, ...options }),

  /**
   * Calls a tool. The same `meta.tool_call_id` in the same run is the same call until 15 minutes after it ended, or as
   * long as the deployment keeps results. Scope `write`.
   *
   * @param options.wait  how long the registry waits for the result, 0 to 30 s (undefined: the answer has no result)
   * @throws {RollcallError} `toolset_not_found`, `tool_not_found`, `invalid_request` also for a payload that does not match the
   * schema, `call_conflict`, `queue_full`, `toolset_unhealthy`, `store_contended`
   */
  call: (
    name: string,
    tool: string,
    body: { payload: unknown; meta: CallMeta },
    { wait, ...options }: RequestOptions & { wait?: number } = {},
  ) =>
    send<CallTaken>("POST", toolsetPath(name, `/tools/${encodeURIComponent(tool)}/calls`), {
      body,
      ...(wait !== undefined && { query: { wait }, timeoutMs: wait * 1000 + TIMEOUT_MS }),
      ...options,
    }),

  /**
   * Cancels a call that has no result yet: it fails with the code `cancelled`, and the signal of a handler that works on it is
   * aborted. Scope `write`.
   *
   * @throws {RollcallError} `call_not_found`, `call_settled`; `forbidden` for another key's call
   */
  cancel: (name: string, callId: string, options: RequestOptions = {}) =>
    send<CallSettled>("POST", `${callPath(name, callId)}/cancel`, options),

  /**
   * Reads the result of a call, or that it is pending. Results are kept for 15 minutes,
   * unless the deployment says otherwise. Scope `write`.
   *
   * @param query.wait  how long the registry waits for the result, 0 to 30 s (0)
   * @throws {RollcallError} `call_not_found`; `forbidden` for another key's call
   */
  result: (name: string, callId: string, query: { wait?: number } = {}, options: RequestOptions = {}) =>
    read<CallResult>(callPath(name, callId), {
      query,
      timeoutMs: (query.wait ?? 0) * 1000 + TIMEOUT_MS,
      ...options,
    }),
});
