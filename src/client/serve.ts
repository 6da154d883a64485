import { backoffMs, type Clock, wait } from "./clock.ts";
import type { Trace } from "./call.ts";
import { DeltaLine } from "./deltas.ts";
import { Hold } from "./hold.ts";
import { RollcallError } from "./problem.ts";
import type {
  CallAnswer,
  CallMeta,
  ClaimedCall,
  Ping,
  ToolRegistration,
  ToolsetRegistration,
} from "./shapes.ts";
import { type Ending, Stay, type StayOptions } from "./stay.ts";
import { ToolError, wireError } from "./tool-error.ts";
import { type Toolsets, toolsets } from "./toolsets.ts";
import type { Transport } from "./transport.ts";

/** What a handler is told besides the payload. */
export interface CallContext {
  toolUseId: string;
  callId: string;
  meta: CallMeta;
  trace: Trace;
  /** Aborted when the answer is no longer wanted: the claim has lapsed, or another registration took this one's place. */
  signal: AbortSignal;
  /**
   * Sends output to the caller as it arises, and holds the claim for 60 s more: a handler that works longer than that must,
   * if only an empty text. Never rejects.
   */
  delta: (stream: string, text: string) => Promise<void>;
}

export interface ServedTool extends Omit<ToolRegistration, "name"> {
  /** Gives the result. Of a payload that the tool's schema has let through; throw a `ToolError` to fail with a code. */
  handle(payload: never, context: CallContext): unknown;
}

export interface ToolsetDefinition extends Omit<ToolsetRegistration, "tools"> {
  tools: Record<string, ServedTool>;
}

export interface ServeOptions extends StayOptions {
  /** How many calls to carry out at once (4). */
  concurrency?: number;
  /** The token of a registration to join as one more provider, in place of registering. */
  leaseToken?: string | undefined;
}

/** A toolset that this process provides, until it leaves. */
export interface ServedToolset extends AsyncDisposable {
  readonly name: string;
  /** For other processes that are to provide it too. */
  readonly leaseToken: string | undefined;
  /** How many calls are being carried out. */
  readonly running: number;
  /** Resolves when it ends, however it ends; never rejects. */
  readonly ended: Promise<Ending>;
  /** Takes no more calls, carries out those it has, and ends. The toolset stays in the catalogue. */
  leave(): Promise<void>;
}

const CONCURRENCY = 4;
const POLL_SECONDS = 20;
const SETTLE_ATTEMPTS_MAX = 8;
/** What an answer can be refused for, so that another has to go in its place. */
const REFUSED: ReadonlySet<string> = new Set(["invalid_request", "payload_too_large"]);

/**
 * Registers a toolset and carries out its calls. Resolves once its tools can be called.
 *
 * @throws {RollcallError} if the registry refuses, or cannot be reached for `patienceMs`; or the signal's reason
 */
export async function serveToolset(
  transport: Transport,
  clock: Clock,
  definition: ToolsetDefinition,
  options: ServeOptions = {},
): Promise<ServedToolset> {
  const provider = new Provider(toolsets(transport), clock, definition, options);
  await provider.begin(options);
  return provider;
}

interface Carried {
  carrying: AbortController;
  done: Promise<void>;
}

class Provider implements ServedToolset {
  readonly name: string;
  readonly #toolsets: Toolsets;
  readonly #clock: Clock;
  readonly #registration: ToolsetRegistration;
  readonly #tools: Record<string, ServedTool>;
  readonly #concurrency: number;
  /** Somebody else's, who alone may register anew. */
  readonly #isReplica: boolean;
  readonly #consumer = crypto.randomUUID();
  readonly #stay = new Stay(() => this.#finishCalls());
  readonly #carried = new Set<Carried>();
  #leaseToken: string | undefined;
  #failures = 0;
  /** A registration that went out and had no answer may take effect yet, and take the place of a later one. */
  #unanswered = false;
  #isOver = false;
  /** Of the poll under way. */
  #polling = new AbortController();
  #pollsForPings = false;

  constructor(api: Toolsets, clock: Clock, definition: ToolsetDefinition, options: ServeOptions) {
    const { tools, ...rest } = definition;
    const registered = Object.entries(tools).map(([name, tool]) => ({ name, ...tool }));
    this.name = definition.name;
    this.#toolsets = api;
    this.#clock = clock;
    // As it would go over the wire, without the handlers: what cannot go fails here.
    this.#registration = JSON.parse(JSON.stringify({ ...rest, tools: registered })) as ToolsetRegistration;
    this.#tools = tools;
    this.#concurrency = options.concurrency ?? CONCURRENCY;
    this.#isReplica = options.leaseToken !== undefined;
    this.#leaseToken = options.leaseToken;
    if (!(this.#concurrency >= 1 && this.#concurrency <= 100))
      throw new RangeError("concurrency must be 1 to 100");
    this.#stay.leaving.addEventListener("abort", () => this.#polling.abort());
  }

  begin(options: ServeOptions): Promise<void> {
    return this.#stay.begin(this.#clock, options, () => this.#live());
  }

  get leaseToken(): string | undefined {
    return this.#leaseToken;
  }
  get running(): number {
    return this.#carried.size;
  }
  get ended(): Promise<Ending> {
    return this.#stay.ended;
  }

  leave(): Promise<void> {
    return this.#stay.leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  async #live(): Promise<void> {
    while (!this.#stay.leaving.aborted && !this.#isOver) {
      this.#polling = new AbortController();
      try {
        const leaseToken = this.#leaseToken ?? (await this.#register());
        await this.#poll(leaseToken);
        this.#failures = 0;
        this.#unanswered = false;
      } catch (error) {
        // A poll cut short by ourselves is no trouble; whatever else comes here is the transport's.
        if (!this.#polling.signal.aborted) await this.#recover(error as RollcallError);
      }
    }
  }

  async #register(): Promise<string> {
    try {
      const { lease_token } = await this.#toolsets.register(this.#registration);
      this.#leaseToken = lease_token;
      return lease_token;
    } catch (error) {
      const { status } = error as RollcallError;
      if (status === 0 || status >= 500) this.#unanswered = true;
      throw error;
    }
  }

  /** With its hands full it polls for pings alone, until a hand is free. */
  async #poll(leaseToken: string): Promise<void> {
    if (this.#stay.leaving.aborted) return;
    const max = this.#concurrency - this.#carried.size;
    this.#pollsForPings = max === 0;
    const request = { consumer: this.#consumer, max, wait: POLL_SECONDS };
    const { messages } = await this.#toolsets.claim(this.name, request, {
      leaseToken,
      signal: this.#polling.signal,
    });
    for (const message of messages) {
      if (message.type === "ping") void this.#pong(message, leaseToken);
      else this.#take(message, leaseToken);
    }
  }

  /** One that is lost is no matter: the next ping comes soon. */
  async #pong({ ping_id }: Ping, leaseToken: string): Promise<void> {
    try {
      await this.#toolsets.pong(this.name, ping_id, { leaseToken });
      this.#stay.begun();
    } catch (error) {
      this.#stay.failure = error as RollcallError;
    }
  }

  #take(call: ClaimedCall, leaseToken: string): void {
    const carrying = new AbortController();
    const carried: Carried = { carrying, done: Promise.resolve() };
    this.#carried.add(carried);
    carried.done = this.#carryOut(call, leaseToken, carrying).then(() => {
      this.#carried.delete(carried);
      if (this.#pollsForPings) this.#polling.abort();
    });
  }

  /** Never rejects. */
  async #carryOut(call: ClaimedCall, leaseToken: string, carrying: AbortController): Promise<void> {
    const {
      call_id: callId,
      claim_id,
      tool_use_id: toolUseId,
      meta,
      traceparent,
      tracestate,
      baggage,
    } = call;
    const hold = new Hold(this.#clock, carrying);
    const line = new DeltaLine(this.#clock, carrying, async (delta) => {
      await this.#toolsets.delta(this.name, callId, { claim_id, ...delta }, { leaseToken });
      hold.renew();
    });
    const answer = await this.#handle(call, {
      toolUseId,
      callId,
      meta,
      trace: { traceparent, tracestate, baggage },
      signal: carrying.signal,
      delta: (stream, text) => line.push(stream, text),
    });
    await line.sent;
    if (!carrying.signal.aborted) await this.#settle(call, answer, leaseToken, carrying.signal);
    hold.end();
  }

  async #handle({ tool: name, payload }: ClaimedCall, context: CallContext): Promise<CallAnswer> {
    try {
      const tool = Object.hasOwn(this.#tools, name) ? this.#tools[name] : undefined;
      if (!tool) throw new ToolError("execution_failed", `This provider has no tool "${name}".`);
      // JSON has no undefined: a handler that gives nothing gives null.
      return { result: (await tool.handle(payload as never, context)) ?? null };
    } catch (thrown) {
      return { error: wireError(thrown) };
    }
  }

  async #settle(
    call: ClaimedCall,
    given: CallAnswer,
    leaseToken: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { call_id, claim_id } = call;
    let answer = given;
    for (let failures = 1; failures <= SETTLE_ATTEMPTS_MAX && !signal.aborted; failures += 1) {
      try {
        await this.#toolsets.settle(this.name, call_id, { claim_id, ...answer }, { leaseToken });
        return;
      } catch (error) {
        const isProblem = error instanceof RollcallError;
        if (isProblem && error.transient) {
          await wait(this.#clock, backoffMs(this.#clock, failures, Infinity, error.retryAfterMs), signal);
        } else if (answer === given && (!isProblem || REFUSED.has(error.code))) {
          answer = unsendable(given, error as Error);
          failures = 0;
        } else {
          // Settled, lapsed or replaced: it is nobody's business here any more.
          return;
        }
      }
    }
  }

  async #recover(error: RollcallError): Promise<void> {
    this.#stay.failure = error;
    this.#failures += 1;
    const superseded = error.code === "lease_lost";
    const isGone = error.code === "toolset_not_found" || (superseded && this.#unanswered);
    if (isGone && !this.#isReplica) {
      this.#leaseToken = undefined;
      this.#unanswered = false;
      this.#drop(error);
      if (this.#failures === 1) return;
    } else if (!error.transient) {
      this.#isOver = true;
      this.#drop(error);
      this.#stay.finish({ reason: superseded ? "lease_lost" : "refused", error });
      return;
    }
    const ms = backoffMs(this.#clock, this.#failures, Infinity, error.retryAfterMs);
    await wait(this.#clock, ms, this.#stay.leaving);
  }

  /** What was claimed under a registration that has ended is wanted by nobody. */
  #drop(reason: unknown): void {
    for (const { carrying } of this.#carried) carrying.abort(reason);
  }

  async #finishCalls(): Promise<void> {
    await Promise.all([...this.#carried].map(({ done }) => done));
  }
}

/** Says so in place of an answer; short and plain, so that it is not refused in its turn. */
function unsendable(answer: CallAnswer, { message: why }: Error): CallAnswer {
  const said =
    "result" in answer
      ? `The result cannot be sent: ${why}`
      : `The error cannot be sent: ${why} It said: ${answer.error.message}`;
  return { error: wireError(new Error(said)) };
}
