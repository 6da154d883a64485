import { backoffMs, type Clock, wait } from "./clock.ts";
import type { Trace } from "./options.ts";
import { RollcallError } from "./problem.ts";
import type { CallResult, CallTaken, Delta } from "./shapes.ts";
import { serverSentEvents } from "./sse.ts";
import type { CallToolOptions, ToolCall, ToolResult } from "./tool-call.ts";
import { ToolError } from "./tool-error.ts";
import { callPath, type Toolsets, toolsets } from "./toolsets.ts";
import type { Transport } from "./transport.ts";

/** How many requests in a row may fail before the call is given up: a good minute. */
const ATTEMPTS_MAX = 8;
/** How long the stream may be silent; the registry sends a comment every 15 s. */
const SILENCE_MS = 45_000;
const POLL_SECONDS = 30;
/** How long a caller who gives up waits for the call to be cancelled. */
const CANCEL_MS = 2000;

/** Transient, but not retried here: the caller may know another toolset. */
const LEFT_TO_CALLER: ReadonlySet<string> = new Set(["toolset_unhealthy", "queue_full"]);

/**
 * Calls a tool and waits for its result, with `onDelta` on its stream. While the registry cannot be reached each step is
 * retried, up to 8 times in a row. A repeated call has the same `tool_call_id`, and so is carried out once. A call that is
 * given up is cancelled.
 *
 * @throws {ToolError} if the call failed; {RollcallError} if it was not accepted, or its result could not be read; what
 * `onDelta` throws; or the signal's reason. `retryHint` says what can be done about it.
 */
export async function callTool<T>(
  transport: Transport,
  clock: Clock,
  call: ToolCall,
  options: CallToolOptions = {},
): Promise<ToolResult<T>> {
  const { signal: given, trace } = options;
  given?.throwIfAborted();
  const stopping = new AbortController();
  const stop = () => stopping.abort(given?.reason);
  given?.addEventListener("abort", stop);
  try {
    return await new Caller<T>(transport, clock, stopping, options).run(call, trace);
  } finally {
    given?.removeEventListener("abort", stop);
  }
}

type Outcome = Pick<CallResult, "result" | "bounds" | "server_data" | "error">;

/** One call, from the request to its outcome. */
class Caller<T> {
  readonly #transport: Transport;
  readonly #toolsets: Toolsets;
  readonly #clock: Clock;
  readonly #stopping: AbortController;
  readonly #onDelta: CallToolOptions["onDelta"];
  readonly #canBeGivenUp: boolean;
  /** In a row. */
  #failures = 0;
  #lastEventId = "";

  constructor(
    transport: Transport,
    clock: Clock,
    stopping: AbortController,
    { onDelta, signal }: CallToolOptions,
  ) {
    this.#transport = transport;
    this.#toolsets = toolsets(transport);
    this.#clock = clock;
    this.#stopping = stopping;
    this.#onDelta = onDelta;
    this.#canBeGivenUp = signal !== undefined || onDelta !== undefined;
  }

  async run({ toolset, tool, payload, meta }: ToolCall, trace: Trace | undefined): Promise<ToolResult<T>> {
    const body = { payload, meta: { ...meta, tool_call_id: meta.tool_call_id || crypto.randomUUID() } };
    // An answer that waits for the result names the call too late to cancel it.
    const options = { trace, ...(!this.#canBeGivenUp && { wait: POLL_SECONDS }) };
    const taking = this.#retry(() => this.#toolsets.call(toolset, tool, body, options));
    const { toolUseId, outcome } = await this.#settled(toolset, taking);
    const { error, result, bounds, server_data } = outcome;
    if (error) {
      const { code, message, issues = [] } = error;
      throw new ToolError(code, message, { issues, toolUseId, server_data });
    }
    return {
      toolUseId,
      // The caller declares the type that the tool's schema, which the registry has checked, describes.
      result: result as T,
      ...(bounds !== undefined && { bounds }),
      ...(server_data !== undefined && { server_data }),
    };
  }

  async #settled(toolset: string, taking: Promise<CallTaken>) {
    const { signal } = this.#stopping;
    const givenUp = wait(this.#clock, Infinity, signal).then((): never => {
      throw signal.reason;
    });
    try {
      const taken = await Promise.race([taking, givenUp]);
      return { toolUseId: taken.tool_use_id, outcome: await this.#outcome(toolset, taken) };
    } catch (thrown) {
      if (signal.aborted) await this.#cancel(toolset, taking);
      throw thrown;
    }
  }

  /** The request that makes the call is not aborted, because its answer names the call. */
  async #cancel(toolset: string, taking: Promise<CallTaken>): Promise<void> {
    const cancelled = taking.then(({ call_id }) => this.#toolsets.cancel(toolset, call_id));
    const done = new AbortController();
    const patience = wait(this.#clock, CANCEL_MS, done.signal);
    await Promise.race([cancelled.catch(() => undefined), patience]);
    done.abort();
  }

  /** Without anyone to tell of output there is no need of a stream. */
  async #outcome(toolset: string, taken: CallTaken): Promise<Outcome> {
    if (taken.status === "done" || taken.status === "failed") return taken;
    const { call_id: callId } = taken;
    // A proxy on the way may not let a stream through. The result can be read without one, but not the output.
    const streamed = this.#onDelta && (await this.#retry(() => this.#stream(toolset, callId)));
    return streamed ?? (await this.#retry(() => this.#poll(toolset, callId)));
  }

  async #retry<R>(attempt: () => Promise<R>): Promise<R> {
    const { signal } = this.#stopping;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        this.#failures += 1;
        const isTransient =
          error instanceof RollcallError && error.transient && !LEFT_TO_CALLER.has(error.code);
        if (!isTransient || this.#failures >= ATTEMPTS_MAX) throw error;
        await wait(this.#clock, backoffMs(this.#clock, this.#failures, Infinity, error.retryAfterMs), signal);
        signal.throwIfAborted();
      }
    }
  }

  /** Continues after the last event that was read. Undefined if the answer is not a stream. */
  #stream(toolset: string, callId: string): Promise<Outcome | undefined> {
    const headers = {
      Accept: "text/event-stream",
      ...(this.#lastEventId !== "" && { "Last-Event-ID": this.#lastEventId }),
    };
    const parts = { headers, signal: this.#stopping.signal, timeoutMs: SILENCE_MS };
    return this.#transport.stream(callPath(toolset, callId), parts, async (response, alive) => {
      const type = response.headers.get("Content-Type") ?? "";
      if (!response.body || !type.includes("text/event-stream")) return undefined;
      for await (const { id, event, data } of serverSentEvents(response.body, alive)) {
        this.#failures = 0;
        if (event === "result") return JSON.parse(data) as Outcome;
        if (event === "output_delta") this.#report(JSON.parse(data) as Delta);
        this.#lastEventId = id;
      }
      throw new RollcallError("network", "The result stream broke off.");
    });
  }

  #report({ stream, delta }: Delta): void {
    try {
      this.#onDelta?.({ stream, delta });
    } catch (thrown) {
      // Ends the call with what `onDelta` threw, instead of connecting again.
      this.#stopping.abort(thrown);
      throw thrown;
    }
  }

  async #poll(toolset: string, callId: string): Promise<Outcome> {
    const { signal } = this.#stopping;
    for (;;) {
      const answer = await this.#toolsets.result(toolset, callId, { wait: POLL_SECONDS }, { signal });
      this.#failures = 0;
      if (answer.status !== "pending") return answer;
    }
  }
}
