import { backoffMs, type Clock, wait } from "./clock.ts";
import { Intake } from "./intake.ts";
import { Lease } from "./lease.ts";
import { Lifecycle } from "./lifecycle.ts";
import { asRollcallError, type RollcallError } from "./problem.ts";
import { RunningCall } from "./running-call.ts";
import type { ServedTool, ServedToolset, ServeOptions, ToolsetDefinition } from "./served-toolset.ts";
import type { ClaimedCall, Message, Ping, ToolsetRegistered, ToolsetRegistration } from "./shapes.ts";
import { withJsonSchemas } from "./standard-schema.ts";
import { ToolError } from "./tool-error.ts";
import { type Toolsets, toolsets } from "./toolsets.ts";
import { asSent, type Transport } from "./transport.ts";
import { Turns } from "./turns.ts";

const CONCURRENCY = 4;
const CONCURRENCY_MAX = 100;

/**
 * Registers a toolset and carries out its calls. Resolves when its tools can be called, which is after the first answered ping.
 *
 * @throws {RangeError} for a concurrency out of range; {RollcallError} if the registry refuses, or cannot be reached for
 * `patienceMs`; or the signal's reason
 */
export async function serveToolset(
  transport: Transport,
  clock: Clock,
  definition: ToolsetDefinition,
  options: ServeOptions = {},
): Promise<ServedToolset> {
  const provider = new Provider(transport, clock, definition, options);
  await provider.begin(options);
  return provider;
}

/** What is registered, and the handlers that carry it out. */
interface Definition {
  registration: ToolsetRegistration;
  tools: Record<string, ServedTool>;
}

class Provider extends Lifecycle implements ServedToolset {
  readonly name: string;
  registered: ToolsetRegistered | undefined;
  readonly #toolsets: Toolsets;
  /** The last one that the registry took, or the first. */
  #definition: Definition;
  /** The handlers of calls that come now. */
  #tools: Record<string, ServedTool>;
  readonly #partial: boolean;
  /** One at a time, so that the registry is left with the definition that is the last here too. */
  readonly #registrations = new Turns();
  readonly #amendments = new Turns();
  readonly #isWell: () => boolean;
  readonly #intake: Intake;
  /** A call that its caller gave up still takes a turn until its handler ends, though the registry has given its place away. */
  readonly #turns: Turns;
  /** The registration is another process's, which alone may register again. */
  readonly #isReplica: boolean;
  /** Claimed, and not answered yet. */
  readonly #inHand = new Set<RunningCall>();
  /** In a row. */
  #failures = 0;
  #hasFailed = false;

  constructor(transport: Transport, clock: Clock, definition: ToolsetDefinition, options: ServeOptions) {
    const { concurrency = CONCURRENCY, leaseToken, partial = false, isWell = () => true } = options;
    if (!(concurrency >= 1 && concurrency <= CONCURRENCY_MAX))
      throw new RangeError(`concurrency must be 1 to ${CONCURRENCY_MAX}, not ${concurrency}`);
    super(clock, new Lease("toolset_not_found", leaseToken));
    this.name = definition.name;
    this.#toolsets = toolsets(transport);
    this.#definition = definitionOf(definition);
    this.#tools = definition.tools;
    this.#partial = partial;
    this.#isWell = isWell;
    this.#turns = new Turns(concurrency);
    this.#isReplica = leaseToken !== undefined;
    this.#intake = new Intake(transport, this.#toolsets, clock, {
      name: this.name,
      concurrency,
      inHand: () => this.#inHand.size,
      take: (message, token) => this.#take(message, token),
    });
    this.leaving.addEventListener("abort", () => this.#intake.stop());
  }

  get running(): number {
    return this.#turns.taken;
  }

  async amend(definition: Omit<ToolsetDefinition, "name">): Promise<void> {
    const amended = definitionOf({ ...definition, name: this.name });
    return this.#amendments.take(() => this.#amend(amended));
  }

  protected async run(): Promise<void> {
    while (!this.leaving.aborted && !this.#hasFailed) {
      try {
        const { token, isHeld } = this.lease;
        await this.#intake.attend(token !== undefined && isHeld ? token : await this.#register());
        this.#failures = 0;
      } catch (thrown) {
        await this.#recover(asRollcallError(thrown));
      }
    }
  }

  protected async depart(): Promise<void> {
    await Promise.all([...this.#inHand].map(({ done }) => done));
  }

  /** @param amended  in place of what was registered last */
  #register(amended?: Definition): Promise<string> {
    return this.#registrations.take(async () => {
      const definition = amended ?? this.#definition;
      const options = { ...this.lease.credentials, partial: this.#partial };
      const sent = this.#toolsets.register(definition.registration, options);
      this.registered = await this.lease.register(sent);
      this.#definition = definition;
      return this.registered.lease_token;
    });
  }

  async #amend(amended: Definition): Promise<void> {
    // Until the answer is here, calls of both may come.
    this.#tools = { ...this.#tools, ...amended.tools };
    try {
      await this.#registerAmended(amended);
    } finally {
      this.#tools = this.#definition.tools;
    }
  }

  async #registerAmended(amended: Definition): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        await this.#register(amended);
        return;
      } catch (thrown) {
        const error = asRollcallError(thrown);
        if (this.lease.after(error) === "stop" || this.leaving.aborted) throw error;
        await wait(this.clock, backoffMs(this.clock, failures, Infinity, error.retryAfterMs), this.leaving);
      }
    }
  }

  #take(message: Message, leaseToken: string): void {
    if (message.type === "ping") {
      if (this.#isWell()) void this.#pong(message, leaseToken);
    } else if (message.type === "cancel") this.#cancel(message.claim_id);
    else this.#start(message, leaseToken);
  }

  /** Not retried: the next ping comes within seconds. */
  async #pong({ ping_id }: Ping, leaseToken: string): Promise<void> {
    try {
      await this.#toolsets.pong(this.name, ping_id, { leaseToken });
      this.ready();
    } catch (thrown) {
      const error = asRollcallError(thrown);
      this.failure = error;
      // On a socket nothing else tells that the registration is lost; the next poll says what to do.
      if (error.action !== undefined) this.#intake.interrupt();
    }
  }

  #start(call: ClaimedCall, leaseToken: string): void {
    const { call_id, claim_id, tool } = call;
    const running = new RunningCall(this.clock, call, {
      delta: (delta) => this.#toolsets.delta(this.name, call_id, { claim_id, ...delta }, { leaseToken }),
      settle: (answer) => this.#toolsets.settle(this.name, call_id, { claim_id, ...answer }, { leaseToken }),
    });
    this.#inHand.add(running);
    const handler = Object.hasOwn(this.#tools, tool) ? this.#tools[tool] : undefined;
    void running.start(handler, this.#turns).then(() => {
      this.#inHand.delete(running);
      this.#intake.hasRoom();
    });
  }

  #cancel(claimId: string): void {
    const reason = new ToolError("cancelled", "The caller has cancelled the call.");
    for (const call of this.#inHand) if (call.claimId === claimId) call.giveUp(reason);
  }

  async #recover(error: RollcallError): Promise<void> {
    this.failure = error;
    this.#failures += 1;
    const remedy = this.lease.after(error);
    if (remedy === "stop") {
      this.#hasFailed = true;
      this.#giveUpCalls(error);
      return this.fail(error);
    }
    if (remedy === "register") {
      // Restored with its token the registration is the same, and its calls go on.
      if (this.lease.token === undefined) this.#giveUpCalls(error);
      // A replica waits for the process that it is one of to restore it.
      if (this.#isReplica) this.lease.isHeld = true;
      else if (this.#failures === 1) return;
    }
    const ms = backoffMs(this.clock, this.#failures, Infinity, error.retryAfterMs);
    await wait(this.clock, ms, this.leaving);
  }

  /** Their registration has ended, so the registry takes no answers to them. */
  #giveUpCalls(reason: RollcallError): void {
    for (const call of this.#inHand) call.giveUp(reason);
  }
}

/** @throws what a library throws for a schema that JSON Schema cannot express */
const definitionOf = ({ tools, ...rest }: ToolsetDefinition): Definition => ({
  // The copy has no handlers, which JSON leaves out.
  registration: asSent({
    ...rest,
    tools: Object.entries(tools).map(([name, tool]) => ({ name, ...withJsonSchemas(tool) })),
  }),
  tools,
});
