import { type Came, type Got, SOCKET, type Step } from "./steps.ts";

interface ModelCall {
  status: "queued" | "claimed" | "done" | "failed" | "forgotten";
  /** The code of its error, or "result"; undefined while it is pending. */
  ending: string | undefined;
  untilMs: number;
  claims: number;
  /** The number of its last claim, and the consumer of that claim. */
  claim: number;
  consumer: string;
  identity: string | null;
  digest: string;
  deltas: number;
  deltasOfClaim: number;
}

const PENDING = ["queued", "claimed"];

/**
 * What a gateway must answer, in a second and simpler implementation: a list of calls, and a walk over it for each step. It
 * shares nothing with src. Times are in ms since START.
 */
export class Model {
  #now = 0;
  readonly #calls: ModelCall[] = [];
  /** The number of the call, by the number of the claim. */
  readonly #claims: number[] = [];
  readonly #pollers = new Map<string, { seenMs: number; pingedMs: number }>();
  #socket: { max: number; pingedMs: number } | undefined;
  /** The number of the registration that requests name, and of the latest that the gateway knows. */
  #current = 1;
  #known = 0;
  #closed = false;
  /** Those that their consumer has not heard of. */
  #cancelled: { claim: number; consumer: string; untilMs: number }[] = [];
  #got: Got[] = [];

  readonly hasSocket = (): boolean => this.#socket !== undefined;

  run(step: Step): Came {
    this.#got = [];
    const answer = this.#answer(step);
    return { answer, socket: this.#got };
  }

  #answer(step: Step): unknown {
    switch (step.do) {
      case "pass":
        return void (this.#now += step.ms);
      case "evict":
        return this.#pollers.clear();
      case "tick":
        this.#applyDue();
        return this.#sendToSocket();
      case "look":
        this.#applyDue();
        return { calls: this.#calls.map((call) => told(call)), load: this.#load() };
      case "call":
        return this.#call(step.identity, step.digest);
      case "claim":
        return this.#claim(step.consumer, step.max);
      case "delta":
        return this.#delta(step.back, step.again);
      case "settle":
        return this.#settle(step.back, step.ok);
      case "cancel":
        return this.#cancel(step.back);
      case "attach":
        return this.#attach(step.max);
      case "detach":
        return void (this.#socket = undefined);
      case "register":
        this.#current += 1;
        if (step.told) this.#adoptEpoch(this.#current);
        return;
      case "unregister":
        if (!this.#adoptEpoch(this.#current)) return;
        this.#endEpoch();
        return void (this.#closed = true);
      case "askLate":
        return this.#adoptEpoch(this.#current - 1) ? "known" : "stale";
    }
  }

  #call(identity: string | null, digest: string): unknown {
    if (!this.#adoptEpoch(this.#current)) return "stale";
    const known = this.#calls.findIndex(
      (call) => identity !== null && call.identity === identity && call.status !== "forgotten",
    );
    if (known >= 0) {
      const call = this.#calls[known]!;
      return call.digest === digest
        ? { repeated: known, settled: !PENDING.includes(call.status) }
        : "conflict";
    }
    this.#calls.push({
      status: "queued",
      ending: undefined,
      untilMs: this.#now + 300_000,
      claims: 0,
      claim: -1,
      consumer: "",
      identity,
      digest,
      deltas: 0,
      deltasOfClaim: 0,
    });
    this.#sendToSocket();
    return { taken: this.#calls.length - 1 };
  }

  #claim(consumer: string, max: number): unknown {
    if (!this.#adoptEpoch(this.#current)) return "stale";
    const poller = this.#pollers.get(consumer);
    const attached = poller !== undefined && this.#now - poller.seenMs <= 40_000;
    const ping = !attached || this.#now - poller.pingedMs >= 10_000;
    this.#pollers.set(consumer, { seenMs: this.#now, pingedMs: ping ? this.#now : poller.pingedMs });
    return [...(ping ? ["ping"] : []), ...this.#tell(consumer), ...this.#give(consumer, max)];
  }

  #delta(back: number, again: boolean): unknown {
    const call = this.#held(back);
    if (typeof call === "string") return call;
    if (!again || call.deltasOfClaim === 0) {
      call.deltas += 1;
      call.deltasOfClaim += 1;
      call.untilMs = this.#now + 60_000;
    }
    return { untilMs: call.untilMs };
  }

  #settle(back: number, ok: boolean): unknown {
    const call = this.#held(back);
    if (typeof call === "string") return call;
    this.#finish(call, ok ? "result" : "boom");
    this.#sendToSocket();
    return "taken";
  }

  #cancel(back: number): unknown {
    const call = this.#calls.at(-1 - back);
    if (!call) return "no such call";
    this.#applyDue();
    if (call.status === "forgotten") return "call_not_found";
    if (!PENDING.includes(call.status)) return call.ending === "cancelled" ? "cancelled" : "call_settled";
    const { status, claim, consumer, untilMs } = call;
    this.#finish(call, "cancelled");
    if (status === "claimed") {
      this.#cancelled.push({ claim, consumer, untilMs });
      this.#sendToSocket();
    }
    return "cancelled";
  }

  #tell(consumer: string): Got[] {
    const mine = this.#cancelled.filter((one) => one.consumer === consumer);
    this.#cancelled = this.#cancelled.filter((one) => one.consumer !== consumer);
    return mine.filter(({ untilMs }) => untilMs >= this.#now).map(({ claim }) => ({ cancelledClaim: claim }));
  }

  #attach(max: number): unknown {
    if (this.#socket) return "has one";
    if (!this.#adoptEpoch(this.#current)) return "stale";
    this.#socket = { max, pingedMs: -Infinity };
    return this.#sendToSocket();
  }

  /** The call that a claim is of, or why it counts for nothing. */
  #held(back: number): ModelCall | string {
    const claim = this.#claims.length - 1 - back;
    const number = this.#claims[claim];
    if (number === undefined) return "no such claim";
    this.#applyDue();
    if (this.#current !== this.#known || this.#closed) return "stale";
    const call = this.#calls[number]!;
    if (call.status === "forgotten") return "call_not_found";
    if (!PENDING.includes(call.status)) return "call_settled";
    return call.status === "claimed" && call.claim === claim ? call : "claim_lost";
  }

  #adoptEpoch(registration: number): boolean {
    this.#applyDue();
    if (registration < this.#known) return false;
    if (registration === this.#known) return !this.#closed;
    if (this.#known > 0) this.#endEpoch();
    this.#known = registration;
    this.#closed = false;
    return true;
  }

  #endEpoch(): void {
    for (const call of this.#calls) {
      if (PENDING.includes(call.status)) this.#finish(call, "stale_registration");
    }
    this.#pollers.clear();
    this.#socket = undefined;
    this.#cancelled = [];
  }

  #finish(call: ModelCall, ending: string, at = this.#now): void {
    // No provider ever had it: its identity may be used again.
    if (call.claims === 0) call.identity = null;
    call.status = ending === "result" ? "done" : "failed";
    call.ending = ending;
    call.untilMs = at + 900_000;
  }

  #applyDue(): void {
    for (const call of this.#calls) {
      // The socket of a consumer whose claim lapses is closed: its other end may be gone.
      if (call.status === "claimed" && call.consumer === SOCKET && call.untilMs < this.#now) {
        this.#socket = undefined;
      }
      while (call.status !== "forgotten" && call.untilMs < this.#now) {
        if (call.status === "claimed" && call.claims < 3) {
          call.status = "queued";
          call.untilMs += 300_000;
        } else if (PENDING.includes(call.status)) this.#finish(call, "timeout", call.untilMs);
        else call.status = "forgotten";
      }
    }
  }

  #give(consumer: string, max: number): Got[] {
    const waiting = this.#calls.filter(({ status }) => status === "queued").slice(0, Math.max(0, max));
    return waiting.map((call) => {
      const number = this.#calls.indexOf(call);
      call.status = "claimed";
      call.claims += 1;
      call.claim = this.#claims.push(number) - 1;
      call.consumer = consumer;
      call.deltasOfClaim = 0;
      call.untilMs = this.#now + 60_000;
      return { call: number, untilMs: call.untilMs };
    });
  }

  #sendToSocket(): void {
    const socket = this.#socket;
    if (!socket) return;
    if (this.#now - socket.pingedMs >= 10_000) {
      this.#got.push("ping");
      socket.pingedMs = this.#now;
    }
    const has = this.#calls.filter((call) => call.status === "claimed" && call.consumer === SOCKET).length;
    this.#got.push(...this.#tell(SOCKET), ...this.#give(SOCKET, socket.max - has));
  }

  #load() {
    const count = (wanted: string) => this.#calls.filter(({ status }) => status === wanted).length;
    const polling = [...this.#pollers].filter(([, { seenMs }]) => this.#now - seenMs <= 40_000);
    const consumers = new Set([...polling.map(([name]) => name), ...(this.#socket ? [SOCKET] : [])]);
    return { queued: count("queued"), claimed: count("claimed"), consumers: consumers.size };
  }
}

function told({ status, ending, deltas }: ModelCall): string {
  if (status === "forgotten") return status;
  return `${ending ?? "pending"}, ${deltas} deltas`;
}
