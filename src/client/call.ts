import type { CallOptions } from "./agents.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import { RollcallError } from "./problem.ts";
import type { CallMeta, CallResult, CallTaken, Delta } from "./shapes.ts";
import { serverSentEvents } from "./sse.ts";
import { ToolError } from "./tool-error.ts";
import { callPath, type Toolsets, toolsets } from "./toolsets.ts";
import type { Transport } from "./transport.ts";

export interface ToolCall {
  toolset: string;
  tool: string;
  payload: unknown;
  /** Without a `tool_call_id` one is minted. */
  meta: CallMeta;
}

/** W3C trace context and baggage. */
export interface Trace {
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  baggage?: string | undefined;
}

export interface CallToolOptions extends Pick<CallOptions, "signal"> {
  /** Output as it comes, each piece once and in order. */
  onDelta?: ((delta: Delta) => void) | undefined;
  /** Passed on to the provider. */
  trace?: Trace | undefined;
}

export interface ToolResult<T> {
  toolUseId: string;
  result: T;
  bounds?: unknown;
  server_data?: unknown[] | undefined;
}

/** How often in a row the registry may be out of reach before the call is given up: a good minute. */
const ATTEMPTS_MAX = 8;
/** The registry says every 15 s that it is still there. */
const SILENCE_MS = 45_000;
const POLL_SECONDS = 30;

/** A toolset without a provider, or with too many calls, is the planner's business, who may know another. */
const PLANNERS: ReadonlySet<string> = new Set(["toolset_unhealthy", "queue_full"]);

/**
 * Calls a tool and follows its result stream to the end, over broken connections: a call that is repeated because its answer
 * was lost is the same call.
 *
 * @throws {ToolError} if the call failed; {RollcallError} if it was not taken, or was lost sight of; what `onDelta` throws;
 * or the signal's reason. `retryHint` says what can be done about it.
 */
export async function callTool<T>(
  transport: Transport,
  clock: Clock,
  call: ToolCall,
  { onDelta, signal: given, trace }: CallToolOptions = {},
): Promise<ToolResult<T>> {
  given?.throwIfAborted();
  const stopping = new AbortController();
  const stop = () => stopping.abort(given?.reason);
  given?.addEventListener("abort", stop);
  try {
    return await new Following<T>(transport, clock, stopping, onDelta).run(call, { ...trace });
  } finally {
    given?.removeEventListener("abort", stop);
  }
}

type Settled = Pick<CallResult, "result" | "bounds" | "server_data" | "error">;

class Following<T> {
  readonly #transport: Transport;
  readonly #toolsets: Toolsets;
  readonly #clock: Clock;
  readonly #stopping: AbortController;
  readonly #onDelta: CallToolOptions["onDelta"];
  /** In a row. */
  #failures = 0;
  #lastEventId = "";

  constructor(
    transport: Transport,
    clock: Clock,
    stopping: AbortController,
    onDelta: CallToolOptions["onDelta"],
  ) {
    this.#transport = transport;
    this.#toolsets = toolsets(transport);
    this.#clock = clock;
    this.#stopping = stopping;
    this.#onDelta = onDelta;
  }

  async run({ toolset, tool, payload, meta }: ToolCall, trace: Trace): Promise<ToolResult<T>> {
    const body = { payload, meta: { ...meta, tool_call_id: meta.tool_call_id || crypto.randomUUID() } };
    const headers = Object.fromEntries(Object.entries(trace).filter(([, value]) => value !== undefined));
    const { signal } = this.#stopping;
    const taken: CallTaken = await this.#insist(() =>
      this.#toolsets.call(toolset, tool, body, { signal, headers }),
    );
    const { call_id: callId, tool_use_id: toolUseId } = taken;
    // Something on the way may let no stream through: then there are no deltas, and the result all the same.
    const settled =
      (await this.#insist(() => this.#stream(toolset, callId))) ??
      (await this.#insist(() => this.#poll(toolset, callId)));
    const { error, result, bounds, server_data } = settled;
    if (error) throw new ToolError(error.code, error.message, { issues: error.issues ?? [], toolUseId });
    return {
      toolUseId,
      result: result as T,
      ...(bounds !== undefined && { bounds }),
      ...(server_data !== undefined && { server_data }),
    };
  }

  /** Tries again for as long as the trouble is one that passes. */
  async #insist<R>(attempt: () => Promise<R>): Promise<R> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        const passes = error instanceof RollcallError && error.transient && !PLANNERS.has(error.code);
        this.#failures += 1;
        if (!passes || this.#failures >= ATTEMPTS_MAX) throw error;
        await wait(this.#clock, backoffMs(this.#clock, this.#failures, Infinity, error.retryAfterMs), signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Goes on after the last event it had. Undefined where no stream comes. */
  #stream(toolset: string, callId: string): Promise<Settled | undefined> {
    const headers = {
      Accept: "text/event-stream",
      ...(this.#lastEventId !== "" && { "Last-Event-ID": this.#lastEventId }),
    };
    const request = { headers, signal: this.#stopping.signal, timeoutMs: SILENCE_MS };
    return this.#transport.stream(callPath(toolset, callId), request, async (response, alive) => {
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.body || !type.includes("text/event-stream")) return undefined;
      for await (const { id, event, data } of serverSentEvents(response.body, alive)) {
        this.#failures = 0;
        if (event === "result") return JSON.parse(data) as Settled;
        if (event === "output_delta") this.#tell(JSON.parse(data) as Delta);
        this.#lastEventId = id;
      }
      throw new RollcallError("network", "The result stream broke off.");
    });
  }

  #tell({ stream, delta }: Delta): void {
    try {
      this.#onDelta?.({ stream, delta });
    } catch (thrown) {
      // The listener's trouble is for the caller to see, and no reason to connect again.
      this.#stopping.abort(thrown);
      throw thrown;
    }
  }

  async #poll(toolset: string, callId: string): Promise<Settled> {
    const { signal } = this.#stopping;
    for (;;) {
      const answer = await this.#toolsets.result(toolset, callId, { wait: POLL_SECONDS }, { signal });
      this.#failures = 0;
      if (answer.status !== "pending") return answer;
    }
  }
}
