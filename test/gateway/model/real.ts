import { expect } from "vitest";
import type { ProviderMessage } from "../../../src/gateway/gateway.ts";
import { START } from "../../support/start.ts";
import { ProviderSocket, SocketGateway } from "../../support/provider-socket.ts";
import { type ClaimedCall, epochOf } from "../../support/tool-gateway.ts";
import { type Came, type Got, SOCKET, type Step } from "./steps.ts";

/** Runs steps on a gateway and gives their results in the model's terms; fails at once at what may never happen. */
export class Real {
  readonly opened = new SocketGateway();
  #registration = 1;
  #calls = 0;
  /** In the order in which they were given out, by polls and over the socket. */
  readonly #claims: (ClaimedCall & { deltas: number })[] = [];
  #socket: ProviderSocket | undefined;
  /** By call: the end of its claim, and the last status that was seen of it. */
  readonly #heldUntilMs = new Map<string, number>();
  readonly #endings = new Map<string, unknown>();

  get #nowMs(): number {
    return this.opened.now - START;
  }

  /** @param hasSocket whether the socket, if there is one, must still be open after the step */
  async run(step: Step, hasSocket: () => boolean): Promise<Came> {
    const answer = await this.#answer(step);
    if (!this.#socket) return { answer, socket: [] };
    if (hasSocket()) return { answer, socket: this.#got(await this.#socket.received()) };
    expect([4408, 4410]).toContain(await this.#socket.closed);
    this.#socket = undefined;
    return { answer, socket: [] };
  }

  async #answer(step: Step): Promise<unknown> {
    const { opened } = this;
    switch (step.do) {
      case "pass":
        return opened.pass(step.ms);
      case "tick":
        return opened.tick();
      case "evict":
        // Only what is awake can be evicted.
        await opened.inside(() => {});
        return opened.evict();
      case "look":
        return this.#look();
      case "call":
        return this.#call(step.identity, step.digest);
      case "claim": {
        const request = { epoch: opened.epoch, consumer: step.consumer, max: step.max, intervalMs: 10_000 };
        const claimed = await opened.gateway.claim(request, opened.now);
        return claimed === "stale" ? claimed : this.#got(claimed.messages);
      }
      case "delta":
        return this.#delta(step.back, step.again);
      case "settle":
        return this.#settle(step.back, step.ok);
      case "cancel": {
        if (step.back >= this.#calls) return "no such call";
        const callId = `${this.#calls - 1 - step.back}`;
        const outcome = await opened.gateway.cancel(callId, opened.now);
        if (typeof outcome === "string") return outcome;
        this.#endings.set(callId, outcome);
        return "error" in outcome ? outcome.error.code : outcome;
      }
      case "attach":
        return this.#attach(step.max);
      case "detach":
        await this.#socket?.close();
        return void (this.#socket = undefined);
      case "register":
        opened.epoch = epochOf((this.#registration += 1));
        return step.told ? opened.gateway.open(opened.epoch, opened.now) : undefined;
      case "unregister":
        return opened.gateway.close(opened.epoch, opened.now);
      case "askLate": {
        const later = await opened.gateway.open(epochOf(this.#registration - 1), opened.now);
        return later === undefined ? "known" : "stale";
      }
    }
  }

  async #call(identity: string | null, digest: string): Promise<unknown> {
    const called = await this.opened.call(`${this.#calls}`, { identity, digest });
    switch (called.answer) {
      case "taken":
        this.#calls += 1;
        return { taken: Number(called.callId) };
      case "repeated":
        return { repeated: Number(called.callId), settled: called.settled };
      default:
        return called.answer;
    }
  }

  async #delta(back: number, again: boolean): Promise<unknown> {
    const claim = this.#claims.at(-1 - back);
    if (!claim) return "no such claim";
    const seq = Math.max(1, again ? claim.deltas : claim.deltas + 1);
    const answer = await this.opened.delta(claim, `${seq}`, seq);
    if (typeof answer === "string") return answer;
    claim.deltas = seq;
    const untilMs = answer.deadlineAt - START;
    this.#heldUntilMs.set(claim.call_id, untilMs);
    return { untilMs };
  }

  async #settle(back: number, ok: boolean): Promise<unknown> {
    const claim = this.#claims.at(-1 - back);
    if (!claim) return "no such claim";
    const outcome = ok ? { result: back } : { error: { code: "boom", message: "" } };
    const answer = await this.opened.settle(claim, outcome);
    if (answer === "taken") {
      expect(this.#endings.has(claim.call_id), "settled twice").toBe(false);
      this.#endings.set(claim.call_id, outcome);
    }
    return answer;
  }

  async #attach(max: number): Promise<unknown> {
    if (this.#socket) return "has one";
    const { gateway, epoch, now } = this.opened;
    const { webSocket } = await gateway.socket({ epoch, consumer: SOCKET, max, intervalMs: 10_000 }, now);
    if (!webSocket) return "stale";
    this.#socket = new ProviderSocket(webSocket);
    return;
  }

  #got(messages: readonly ProviderMessage[]): Got[] {
    return messages.map((message) => {
      if (message.type === "ping") return "ping";
      if (message.type === "cancel") {
        return { cancelledClaim: this.#claims.findIndex(({ claim_id }) => claim_id === message.claim_id) };
      }
      const { call_id, claim_id, deadline } = message;
      expect(this.#heldUntilMs.get(call_id) ?? -1, "held twice").toBeLessThan(this.#nowMs);
      expect(this.#endings.has(call_id), "given out after it was settled").toBe(false);
      const untilMs = Date.parse(deadline) - START;
      this.#heldUntilMs.set(call_id, untilMs);
      this.#claims.push({ call_id, claim_id, deltas: 0 });
      return { call: Number(call_id), untilMs };
    });
  }

  /** Every call there ever was, and the load. */
  async #look() {
    const calls: string[] = [];
    for (let n = 0; n < this.#calls; n += 1) {
      const followed = await this.opened.follow(`${n}`);
      if (!followed) {
        calls.push("forgotten");
        continue;
      }
      const { status, outcome, deltas, total } = followed;
      expect(deltas.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
      if (status !== "pending" || this.#endings.has(`${n}`)) {
        const ending = this.#endings.get(`${n}`) ?? outcome;
        expect(outcome, "an answer that changed").toEqual(ending);
        this.#endings.set(`${n}`, ending);
      }
      const told = outcome && ("error" in outcome ? outcome.error.code : "result");
      calls.push(`${told ?? "pending"}, ${total} deltas`);
    }
    return { calls, load: await this.opened.load() };
  }
}
