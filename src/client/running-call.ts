import { ClaimTimer } from "./claim-timer.ts";
import { backoffMs, type Clock, wait } from "./clock.ts";
import { DeltaQueue } from "./delta-queue.ts";
import { isWorthRetrying } from "./lease.ts";
import { RollcallError } from "./problem.ts";
import type { CallContext, ServedTool } from "./served-toolset.ts";
import type { CallAnswer, ClaimedCall, Delta } from "./shapes.ts";
import { parsePayload } from "./standard-schema.ts";
import { failedAnswer, ToolError, wireError } from "./tool-error.ts";
import { ToolOutput } from "./tool-output.ts";
import type { Turns } from "./turns.ts";

const SETTLE_ATTEMPTS_MAX = 8;
/** The registry refuses the answer itself, so a shorter one is sent in its place. */
const UNSENDABLE: ReadonlySet<string> = new Set(["invalid_request", "payload_too_large"]);

/** Requests about one claimed call. */
export interface ClaimRequests {
  delta: (delta: Delta & { seq: number }) => Promise<unknown>;
  settle: (answer: CallAnswer) => Promise<unknown>;
}

/** One claimed call: its handler, its output and its answer. */
export class RunningCall {
  /** Resolves when the call is answered or given up; never rejects. */
  done: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #call: ClaimedCall;
  readonly #requests: ClaimRequests;
  readonly #unwanted = new AbortController();

  constructor(clock: Clock, call: ClaimedCall, requests: ClaimRequests) {
    this.#clock = clock;
    this.#call = call;
    this.#requests = requests;
  }

  get claimId(): string {
    return this.#call.claim_id;
  }

  /** Tells the handler that its answer is no longer wanted; none is sent. */
  giveUp(reason: unknown): void {
    this.#unwanted.abort(reason);
  }

  /**
   * @param tool   undefined: this provider does not have it
   * @param turns  the handler takes one; a call that is given up before that does not reach it
   */
  start(tool: ServedTool | undefined, turns: Turns): Promise<void> {
    this.done = this.#run(tool, turns);
    return this.done;
  }

  async #run(tool: ServedTool | undefined, turns: Turns): Promise<void> {
    const { tool_use_id, call_id, meta, mcp, traceparent, tracestate, baggage } = this.#call;
    const timer = new ClaimTimer(this.#clock, this.#unwanted);
    const deltas = new DeltaQueue(this.#clock, this.#unwanted, async (delta) => {
      await this.#requests.delta(delta);
      timer.renew();
    });
    const context: CallContext = {
      toolUseId: tool_use_id,
      callId: call_id,
      meta,
      mcp,
      trace: { traceparent, tracestate, baggage },
      signal: this.#unwanted.signal,
      delta: (stream, text) => deltas.push(stream, text),
    };
    const answer = await turns.take(() => this.#handle(tool, context));
    await deltas.sent;
    if (!this.#unwanted.signal.aborted) await this.#settle(answer);
    timer.stop();
  }

  async #handle(tool: ServedTool | undefined, context: CallContext): Promise<CallAnswer> {
    const { tool: name } = this.#call;
    try {
      context.signal.throwIfAborted();
      if (!tool) throw new ToolError("execution_failed", `This provider has no tool "${name}".`);
      const payload = await parsePayload(tool.payload_schema ?? tool.inputSchema, this.#call.payload);
      const returned = await tool.handle(payload, context);
      if (!(returned instanceof ToolOutput)) return { result: returned ?? null };
      const { result, bounds, server_data } = returned;
      return {
        result: result ?? null,
        ...(bounds && { bounds }),
        ...(server_data && { server_data }),
      };
    } catch (thrown) {
      return failedAnswer(thrown);
    }
  }

  /** Retries while the registry cannot be reached, up to 8 times. After that the claim lapses. */
  async #settle(handled: CallAnswer): Promise<void> {
    const { signal } = this.#unwanted;
    let answer = handled;
    for (let failures = 1; failures <= SETTLE_ATTEMPTS_MAX && !signal.aborted; failures += 1) {
      try {
        await this.#requests.settle(answer);
        return;
      } catch (thrown) {
        const isProblem = thrown instanceof RollcallError;
        if (isProblem && isWorthRetrying(thrown)) {
          await wait(this.#clock, backoffMs(this.#clock, failures, Infinity, thrown.retryAfterMs), signal);
        } else if (answer === handled && (!isProblem || UNSENDABLE.has(thrown.code))) {
          answer = unsendable(handled, thrown);
          failures = 0;
        } else {
          // The call is settled, or claimed by another provider, or its registration was replaced.
          return;
        }
      }
    }
  }
}

/** An answer that says why the handler's cannot be sent; short enough that the registry takes it. */
function unsendable(answer: CallAnswer, why: unknown): CallAnswer {
  const reason = why instanceof Error ? why.message : String(why);
  const message =
    "result" in answer
      ? `The result cannot be sent: ${reason}`
      : `The error cannot be sent: ${reason} It said: ${answer.error.message}`;
  return { error: wireError(new Error(message)) };
}
