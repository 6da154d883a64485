import type { CallOptions, LeaseOptions } from "./agents.ts";
import type {
  CallAnswer,
  CallMeta,
  CallResult,
  CallTaken,
  Delta,
  Message,
  ToolsetList,
  ToolsetLoad,
  ToolsetRecord,
  ToolsetRegistered,
  ToolsetRegistration,
} from "./shapes.ts";
import { ANSWER_MS, type Transport } from "./transport.ts";

const pathOf = (name: string, rest = ""): string => `/v1/toolsets/${encodeURIComponent(name)}${rest}`;
export const callPath = (name: string, callId: string): string =>
  pathOf(name, `/calls/${encodeURIComponent(callId)}`);

export type Toolsets = ReturnType<typeof toolsets>;

/** The wire as it is; `serveToolset` and `callTool` know how it is used. */
export const toolsets = ({ send }: Transport) => ({
  register: (body: ToolsetRegistration, options: LeaseOptions = {}) =>
    send<ToolsetRegistered>("POST", "/v1/toolsets", { body, ...options }),

  /** By name; under all of the given tags. */
  list: (query: { tag?: string | readonly string[]; healthy?: boolean } = {}, options: CallOptions = {}) =>
    send<ToolsetList>("GET", "/v1/toolsets", { query, ...options }),

  /** By a part of the name, the description or a tag. */
  search: (q: string, query: { healthy?: boolean } = {}, options: CallOptions = {}) =>
    send<ToolsetList>("GET", "/v1/toolsets/search", { query: { q, ...query }, ...options }),

  /** With its tools and their schemas. */
  get: (name: string, options: CallOptions = {}) => send<ToolsetRecord>("GET", pathOf(name), options),

  unregister: (name: string, options: LeaseOptions = {}) => send<void>("DELETE", pathOf(name), options),

  /** How many calls wait, and how many are under way. */
  load: (name: string, options: CallOptions = {}) =>
    send<ToolsetLoad>("GET", pathOf(name, "/calls"), options),

  /** Attaches as a provider, and takes what there is, or waits for some. `max` 0 takes pings alone. */
  claim: (
    name: string,
    body: { consumer: string; max: number; wait: number },
    options: LeaseOptions = {},
  ): Promise<{ messages: Message[] }> =>
    send("POST", pathOf(name, "/claims"), { body, timeoutMs: body.wait * 1000 + ANSWER_MS, ...options }),

  pong: (name: string, pingId: string, options: LeaseOptions = {}) =>
    send<unknown>("POST", pathOf(name, "/pong"), { body: { ping_id: pingId }, ...options }),

  delta: (
    name: string,
    callId: string,
    body: Delta & { claim_id: string; seq: number },
    options: LeaseOptions = {},
  ) => send<unknown>("POST", `${callPath(name, callId)}/delta`, { body, ...options }),

  settle: (
    name: string,
    callId: string,
    body: CallAnswer & { claim_id: string },
    options: LeaseOptions = {},
  ) => send<unknown>("POST", `${callPath(name, callId)}/result`, { body, ...options }),

  call: (
    name: string,
    tool: string,
    body: { payload: unknown; meta: CallMeta },
    options: CallOptions & { headers?: Record<string, string> } = {},
  ) =>
    send<CallTaken>("POST", pathOf(name, `/tools/${encodeURIComponent(tool)}/calls`), { body, ...options }),

  result: (name: string, callId: string, query: { wait?: number } = {}, options: CallOptions = {}) =>
    send<CallResult>("GET", callPath(name, callId), {
      query,
      timeoutMs: (query.wait ?? 0) * 1000 + ANSWER_MS,
      ...options,
    }),
});
