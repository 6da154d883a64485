import { Registry, type RegistryOptions, type Reply } from "./registry.ts";

export interface Ping {
  type: "ping";
  ping_id: string;
}
export interface ClaimedCall {
  type: "call";
  claim_id: string;
  call_id: string;
  tool_use_id: string;
  tool: string;
  payload: unknown;
  meta: Record<string, string>;
  deadline: string;
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
}
export interface Health {
  healthy: boolean;
  last_pong: string | null;
  age_ms: number | null;
  staleness_threshold_ms: number;
}
/** What a list shows of a toolset. */
export interface ToolsetInfo {
  name: string;
  description: string;
  version: string;
  tags: string[];
  tool_count: number;
  registered_at: string;
  owner: string | null;
  health: Health;
}
export interface ToolsetList {
  toolsets: ToolsetInfo[];
  count: number;
  truncated?: true;
}
export interface CallTaken {
  tool_use_id: string;
  call_id: string;
  result_url: string;
}
export interface CallResult {
  call_id: string;
  tool_use_id: string;
  status: "pending" | "done" | "failed";
  result?: unknown;
  error?: { code: string; message: string; issues?: { field: string; constraint: string }[] };
}
/** What a refusal says besides. */
export interface Refusal {
  code: string;
  detail: string;
  errors?: { pointer: string; detail: string }[];
  last_pong?: string | null;
  age_ms?: number | null;
  staleness_threshold_ms?: number;
  action?: string;
}

export const ECHO = {
  name: "echo",
  payload_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  result_schema: { type: "object", required: ["text"] },
};
/** The health of a toolset that no provider has attached to. */
export const NEVER_HEARD: Health = {
  healthy: false,
  last_pong: null,
  age_ms: null,
  staleness_threshold_ms: 40_000,
};
export const META = { run_id: "run-1", session_id: "session-1" };

const at = encodeURIComponent;

/** A registry, and the words to provide tools in it and to call them; the toolset is "tools" unless another is named. */
export class Toolsets extends Registry {
  /** Registers a toolset that must be admitted, or with its token amends it; its token. */
  async offer(fields: Record<string, unknown> = {}, headers?: Record<string, string>): Promise<string> {
    const { status, body } = await this.post<{ lease_token: string }>(
      "/v1/toolsets",
      { name: "tools", tools: [ECHO], ...fields },
      headers,
    );
    if (status !== 201 && status !== 200)
      throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    return body.lease_token;
  }

  claim(
    token: string | undefined,
    fields: Record<string, unknown> = {},
    name = "tools",
  ): Promise<Reply<{ messages: (Ping | ClaimedCall)[] } & Refusal>> {
    return this.post(
      `/v1/toolsets/${at(name)}/claims`,
      { consumer: "c1", max: 100, ...fields },
      token === undefined ? {} : { "Lease-Token": token },
    );
  }

  /** The calls that a consumer gets now. */
  async calls(
    token: string | undefined,
    fields?: Record<string, unknown>,
    name?: string,
  ): Promise<ClaimedCall[]> {
    const { body } = await this.claim(token, fields, name);
    return body.messages.filter((message) => message.type === "call");
  }

  pong(
    token: string | undefined,
    pingId: string,
    name = "tools",
  ): Promise<Reply<Record<string, unknown> & Refusal>> {
    return this.post(
      `/v1/toolsets/${at(name)}/pong`,
      { ping_id: pingId },
      token === undefined ? {} : { "Lease-Token": token },
    );
  }

  /** Attaches a consumer nobody has seen, and answers its first ping: the toolset is healthy then. */
  async attach(token: string, name = "tools"): Promise<void> {
    const { body } = await this.claim(token, { consumer: crypto.randomUUID(), max: 1 }, name);
    const ping = body.messages.find((message) => message.type === "ping");
    const { status } = await this.pong(token, ping!.ping_id, name);
    if (status !== 200) throw new Error(`not healthy: ${status}`);
  }

  /** A healthy toolset; its token. */
  async serve(fields: Record<string, unknown> = {}, headers?: Record<string, string>): Promise<string> {
    const token = await this.offer(fields, headers);
    await this.attach(token, (fields["name"] as string | undefined) ?? "tools");
    return token;
  }

  health(name = "tools"): Promise<Health> {
    return this.get<{ health: Health }>(`/v1/toolsets/${at(name)}`).then(({ body }) => body.health);
  }

  list(query = ""): Promise<Reply<ToolsetList>> {
    return this.get(`/v1/toolsets${query}`);
  }

  /** The names of those in the list. */
  async listed(query?: string): Promise<string[]> {
    return namesOf(await this.list(query));
  }

  callTool(
    payload: unknown = { text: "hello" },
    meta: Record<string, unknown> = {},
    {
      name = "tools",
      tool = "echo",
      headers = {},
    }: { name?: string; tool?: string; headers?: Record<string, string> } = {},
  ): Promise<Reply<CallTaken & Refusal>> {
    return this.post(
      `/v1/toolsets/${at(name)}/tools/${at(tool)}/calls`,
      { payload, meta: { ...META, ...meta } },
      headers,
    );
  }

  settle(
    token: string | undefined,
    call: { call_id: string; claim_id: string },
    answer: Record<string, unknown>,
    name = "tools",
  ): Promise<Reply<{ call_id: string; status: string; error?: CallResult["error"] } & Refusal>> {
    return this.post(
      `/v1/toolsets/${at(name)}/calls/${call.call_id}/result`,
      { claim_id: call.claim_id, ...answer },
      token === undefined ? {} : { "Lease-Token": token },
    );
  }

  delta(
    token: string | undefined,
    call: { call_id: string; claim_id: string },
    delta: string,
    fields: Record<string, unknown> = {},
    name = "tools",
  ): Promise<Reply<{ received: true; deadline: string } & Refusal>> {
    return this.post(
      `/v1/toolsets/${at(name)}/calls/${call.call_id}/delta`,
      { claim_id: call.claim_id, stream: "stdout", delta, ...fields },
      token === undefined ? {} : { "Lease-Token": token },
    );
  }

  result(
    call: { result_url: string },
    query = "",
    headers?: Record<string, string>,
  ): Promise<Reply<CallResult & Refusal>> {
    return this.get(call.result_url + query, headers);
  }

  /** A call's whole stream, once it has ended. */
  async stream(call: { result_url: string }, headers: Record<string, string> = {}) {
    const response = await this.fetch(call.result_url, {
      headers: { Accept: "text/event-stream", ...headers },
    });
    return parseEvents(await response.text());
  }
}

export const namesOf = ({ body }: { body: ToolsetList }): string[] => body.toolsets.map(({ name }) => name);

export interface StreamEvent {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

export const parseEvents = (text: string): StreamEvent[] =>
  text
    .split("\n\n")
    .filter((block) => block.startsWith("id: "))
    .map((block) => {
      const [id, event, data] = block.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      return { id: Number(id), event: event!, data: JSON.parse(data!) as Record<string, unknown> };
    });

export const openToolsets = (options: RegistryOptions = {}): Toolsets => new Toolsets(options);
