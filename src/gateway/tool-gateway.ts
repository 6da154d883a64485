import { DurableObject } from "cloudflare:workers";
import {
  callAt,
  type CallMessage,
  type CallState,
  claimedAt,
  DELTA_CHARS_MAX,
  DELTAS_MAX,
  extendedAt,
  isSettled,
  KEPT_CHARS_MAX,
  orphaned,
  QUEUED_MAX,
  queuedAt,
  type Settled,
  settledAt,
  type CallOutcome,
} from "../core/toolsets/call.ts";
import { claimIdOf } from "./claim-id.ts";
import { isoTime } from "../core/time.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type {
  Answering,
  AnswerRefusal,
  Called,
  CallRequest,
  Claimed,
  ClaimRequest,
  Delta,
  Epoch,
  Followed,
  Gateway,
  GatewayLoad,
  Message,
  SocketAsked,
} from "./gateway.ts";
import { MIGRATIONS } from "./schema.ts";
import { Waiters } from "./waiters.ts";

/** A consumer that polled this long ago is still attached. */
const ATTACHED_MS = 40_000;

/** Before the fence of a registration that was removed; in no fence itself. */
const CLOSED = "closed ";

/** A call without what is large of it: its message and its outcome. */
type CallRow = {
  number: number;
  id: string;
  state: string;
  caller: string;
  tool_use_id: string;
  digest: string;
  deltas: number;
  delta_chars: number;
  chars: number;
};
const CALL_COLUMNS = "number, id, state, caller, tool_use_id, digest, deltas, delta_chars, chars";

/** How much one look at a call's stream takes along, in characters. */
const FOLLOWED_CHARS = 250_000;

/** A socket's own memory: it outlives hibernation. */
interface Attachment extends ClaimRequest {
  pingedAt: number;
}

/**
 * The one writer of a toolset's calls; the port (gateway.ts) says what each method does, core/call.ts what a call's life
 * is. Calls are written through, so an eviction loses nothing. Who polls is remembered in memory alone: after an eviction
 * the next poll says it again.
 */
export class ToolGateway extends DurableObject implements Served<Omit<Gateway, "socket">> {
  readonly #sql: SqlStorage;
  /** By consumer: those that poll. */
  readonly #pollers = new Map<string, { seenAt: number; pingedAt: number }>();
  readonly #providers = new Waiters();
  readonly #callers = new Map<string, Waiters>();
  #intervalMs = 10_000;
  /** What all calls take; counted once, and kept up to date from then on. */
  #keptChars: number;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#sql = ctx.storage.sql;
    const [{ chars }] = this.#sql
      .exec<{ chars: number }>("SELECT total(chars) AS chars FROM call")
      .toArray() as [{ chars: number }];
    this.#keptChars = chars;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  async call(request: CallRequest, now: number): Promise<Called> {
    if (!this.#enter(request.epoch, now)) return { answer: "stale" };
    const { callId, toolUseId, identity, digest } = request;
    const [known] = identity === null ? [] : this.#rows("identity = ?", identity);
    if (known) {
      if (known.digest !== digest) return { answer: "conflict" };
      const settled = isSettled(stateOf(known));
      return { answer: "repeated", callId: known.id, toolUseId: known.tool_use_id, settled };
    }
    if (this.#count("status = 'queued'") >= QUEUED_MAX || this.#keptChars >= KEPT_CHARS_MAX) {
      return { answer: "queue_full" };
    }
    const state = queuedAt(now);
    this.#keptChars += request.message.length;
    this.#sql.exec(
      `INSERT INTO call
         (id, status, due_at, state, caller, tool_use_id, identity, digest, deltas, delta_chars, chars, message)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`,
      callId,
      state.status,
      state.dueAt,
      JSON.stringify(state),
      request.caller,
      toolUseId,
      identity,
      digest,
      request.message.length,
      request.message,
    );
    this.#arrive(now);
    await this.#schedule(now);
    return { answer: "taken", callId, toolUseId, settled: false };
  }

  async claim(request: ClaimRequest, now: number): Promise<Claimed> {
    const { epoch, consumer, max, intervalMs } = request;
    if (!this.#enter(epoch, now)) return "stale";
    this.#intervalMs = intervalMs;
    const known = this.#pollers.get(consumer);
    const pingDue = !known || now - known.seenAt > ATTACHED_MS || now - known.pingedAt >= intervalMs;
    const pingedAt = pingDue ? now : known.pingedAt;
    this.#pollers.set(consumer, { seenAt: now, pingedAt });
    const messages = [...(pingDue ? [ping(epoch)] : []), ...this.#claim(consumer, max, now)];
    await this.#schedule(now);
    return { messages, seen: this.#providers.seen, pingInMs: pingedAt + intervalMs - now };
  }

  arrived(seen: number): Promise<void> {
    return this.#providers.after(seen);
  }

  delta(
    { stream, delta, seq, ...answer }: Answering & Delta,
    now: number,
  ): { deadlineAt: number } | AnswerRefusal {
    const found = this.#claimed(answer, now);
    if (typeof found === "string") return found;
    const { call, state } = found;
    // Sent again because the answer was lost: it is there already.
    if (seq !== undefined && seq <= state.deltas) return { deadlineAt: state.dueAt };
    if (seq !== undefined && seq > state.deltas + 1) return "out_of_order";
    if (call.deltas >= DELTAS_MAX || call.delta_chars + delta.length > DELTA_CHARS_MAX) return "stream_full";
    const extended = extendedAt(state, now);
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec(
        "INSERT INTO delta (call, seq, stream, delta) VALUES (?, ?, ?, ?)",
        call.number,
        call.deltas + 1,
        stream,
        delta,
      );
      this.#sql.exec(
        "UPDATE call SET deltas = deltas + 1, delta_chars = delta_chars + ?1, chars = chars + ?1 WHERE number = ?2",
        delta.length,
        call.number,
      );
      this.#keptChars += delta.length;
      this.#keep(call.number, extended);
    });
    this.#callers.get(call.id)?.wake();
    return { deadlineAt: extended.dueAt };
  }

  async settle(
    { outcome, ...answer }: Answering & { outcome: CallOutcome },
    now: number,
  ): Promise<"taken" | AnswerRefusal> {
    const found = this.#claimed(answer, now);
    if (typeof found === "string") return found;
    this.#settle(found.call, settledAt(found.state, outcome, now));
    this.#push(now);
    await this.#schedule(now);
    return "taken";
  }

  follow(callId: string, after: number, now: number): Followed | undefined {
    this.#pass(now);
    const [call] = this.#rows("id = ?", callId);
    if (!call) return undefined;
    const state = stateOf(call);
    const settled = isSettled(state);
    const [kept] = this.#sql
      .exec<{ outcome: string | null }>("SELECT outcome FROM call WHERE number = ?", call.number)
      .toArray();
    return {
      caller: call.caller,
      toolUseId: call.tool_use_id,
      status: settled ? state.status : "pending",
      outcome: settled ? (JSON.parse(kept!.outcome!) as CallOutcome) : undefined,
      deltas: this.#deltas(call.number, after),
      total: call.deltas,
    };
  }

  #deltas(call: number, after: number): Followed["deltas"] {
    const deltas: Followed["deltas"] = [];
    let chars = 0;
    for (const delta of this.#sql.exec<Followed["deltas"][number]>(
      "SELECT seq, stream, delta FROM delta WHERE call = ? AND seq > ? ORDER BY seq",
      call,
      after,
    )) {
      deltas.push(delta);
      chars += delta.delta.length + delta.stream.length;
      if (chars >= FOLLOWED_CHARS) break;
    }
    return deltas;
  }

  async changed(callId: string, deltas: number): Promise<void> {
    for (;;) {
      const [call] = this.#rows("id = ?", callId);
      if (!call || call.deltas > deltas || isSettled(stateOf(call))) return;
      const waiters = this.#callers.get(callId) ?? new Waiters();
      this.#callers.set(callId, waiters);
      await waiters.after(waiters.seen);
    }
  }

  async open(epoch: Epoch, now: number): Promise<number | undefined> {
    const entered = this.#enter(epoch, now);
    await this.#schedule(now);
    return entered ? undefined : this.#current()!.registered_at;
  }

  async close(epoch: Epoch, now: number): Promise<void> {
    if (!this.#enter(epoch, now)) return;
    this.#end(now);
    // Nobody's, but of that time: who still knows the registration that ended is told so.
    this.#sql.exec("UPDATE epoch SET fence = ? || fence", CLOSED);
    await this.#schedule(now);
  }

  load(now: number): GatewayLoad {
    this.#pass(now);
    const consumers = new Set(this.#sockets().map(({ attachment }) => attachment.consumer));
    for (const consumer of this.#polling(now)) consumers.add(consumer);
    return {
      queued: this.#count("status = 'queued'"),
      claimed: this.#count("status = 'claimed'"),
      consumers: consumers.size,
    };
  }

  /** The port's `socket`. */
  override async fetch({ headers }: Request): Promise<Response> {
    const [request, now] = JSON.parse(decodeURIComponent(headers.get("Asked")!)) as SocketAsked;
    if (!this.#enter(request.epoch, now)) return new Response(null, { status: 409 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.ctx.acceptWebSocket(ours);
    ours.serializeAttachment({ ...request, pingedAt: 0 } satisfies Attachment);
    this.#push(now);
    await this.#schedule(now);
    return new Response(null, { status: 101, webSocket: theirs });
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }

  /** The platform's wake-up: the one place where this object looks at a clock itself, because nobody is there to tell it. */
  override async alarm(): Promise<void> {
    // oxlint-disable-next-line no-restricted-globals -- an entry point, like the Worker's own
    await this.tick(Date.now());
  }

  /** Lets pass what is due, pings whoever is attached, and says when to come back. */
  async tick(now: number): Promise<void> {
    this.#pass(now);
    this.#arrive(now);
    await this.#schedule(now);
  }

  /**
   * Makes `epoch` the current one if it is the later, and lets pass what is due. Whoever still knows an earlier one is told
   * so by `false`.
   */
  #enter(epoch: Epoch, now: number): boolean {
    this.#pass(now);
    const current = this.#current();
    if (current?.fence === epoch.fence) return true;
    if (current) {
      const isClosed = current.fence.startsWith(CLOSED);
      const laterMs = epoch.registeredAt - current.registered_at;
      // After a removal the next registration may be of the same instant, but not the removed one again.
      if (isClosed ? laterMs < 0 || current.fence === CLOSED + epoch.fence : laterMs <= 0) return false;
      this.#end(now);
    }
    this.#sql.exec(
      "INSERT OR REPLACE INTO epoch (one, fence, registered_at) VALUES (1, ?, ?)",
      epoch.fence,
      epoch.registeredAt,
    );
    return true;
  }

  #current(): { fence: string; registered_at: number } | undefined {
    return this.#sql
      .exec<{ fence: string; registered_at: number }>("SELECT fence, registered_at FROM epoch")
      .toArray()[0];
  }

  /** Ends the current epoch: nothing that waited for it is answered any more, and its providers are let go. */
  #end(now: number): void {
    for (const call of this.#rows("status IN ('queued', 'claimed')"))
      this.#settle(call, orphaned(stateOf(call), now));
    for (const { socket } of this.#sockets()) letGo(socket, 4410, "stale_registration");
    this.#pollers.clear();
    this.#providers.wake();
  }

  /** Lets pass whatever was due before `now`. */
  #pass(now: number): void {
    const lapsed = new Set<string>();
    for (const call of this.#rows("due_at < ?", now)) {
      const before = stateOf(call);
      if (before.status === "claimed") lapsed.add(before.consumer);
      const state = callAt(before, now);
      if (!state) this.#forget(call);
      else if (isSettled(state)) this.#settle(call, state);
      else this.#keep(call.number, state);
    }
    // A socket whose claim lapsed may lead nowhere, and would be given the call again and again. Who lives comes back.
    for (const { socket, attachment } of this.#sockets()) {
      if (lapsed.has(attachment.consumer)) letGo(socket, 4408, "claim_lapsed");
    }
  }

  #claim(consumer: string, max: number, now: number): Message[] {
    return this.#rows("status = 'queued' ORDER BY number LIMIT ?", max).map((call) => {
      const [kept] = this.#sql
        .exec<{ message: string }>("SELECT message FROM call WHERE number = ?", call.number)
        .toArray();
      const message = JSON.parse(kept!.message) as CallMessage;
      const claimId = claimIdOf(message.tool);
      const state = claimedAt(stateOf(call), { claimId, consumer }, now);
      this.#keep(call.number, state);
      return {
        type: "call",
        claim_id: claimId,
        call_id: call.id,
        ...message,
        deadline: isoTime(state.dueAt),
      };
    });
  }

  /** The call that a claim is of, or why the claim counts for nothing. */
  #claimed(
    { epoch, callId, claimId }: Answering,
    now: number,
  ): { call: CallRow; state: Extract<CallState, { status: "claimed" }> } | AnswerRefusal {
    if (!this.#enter(epoch, now)) return "stale";
    const [call] = this.#rows("id = ?", callId);
    if (!call) return "call_not_found";
    const state = stateOf(call);
    if (isSettled(state)) return "call_settled";
    return state.status === "claimed" && state.claimId === claimId ? { call, state } : "claim_lost";
  }

  /** A settled call needs no message; and one that nobody ever claimed can be called again by its own name. */
  #settle(call: CallRow, { outcome, ...state }: Settled): void {
    const json = JSON.stringify(outcome);
    const chars = call.delta_chars + json.length;
    this.#sql.exec(
      `UPDATE call SET status = ?, due_at = ?, consumer = NULL, state = ?, message = NULL, outcome = ?, chars = ?,
         identity = iif(?, NULL, identity) WHERE number = ?`,
      state.status,
      state.dueAt,
      JSON.stringify(state),
      json,
      chars,
      state.claims === 0 ? 1 : 0,
      call.number,
    );
    this.#keptChars += chars - call.chars;
    this.#callers.get(call.id)?.wake();
    this.#callers.delete(call.id);
  }

  #forget({ number, id, chars }: CallRow): void {
    this.#keptChars -= chars;
    this.#sql.exec("DELETE FROM delta WHERE call = ?", number);
    this.#sql.exec("DELETE FROM call WHERE number = ?", number);
    this.#callers.get(id)?.wake();
    this.#callers.delete(id);
  }

  #keep(number: number, state: CallState): void {
    this.#sql.exec(
      "UPDATE call SET status = ?, due_at = ?, consumer = ?, state = ? WHERE number = ?",
      state.status,
      state.dueAt,
      state.status === "claimed" ? state.consumer : null,
      JSON.stringify(state),
      number,
    );
  }

  #rows(where: string, ...bindings: (string | number)[]): CallRow[] {
    return this.#sql.exec<CallRow>(`SELECT ${CALL_COLUMNS} FROM call WHERE ${where}`, ...bindings).toArray();
  }

  #count(where: string, ...bindings: string[]): number {
    return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM call WHERE ${where}`, ...bindings).one()
      .n;
  }

  #arrive(now: number): void {
    this.#push(now);
    this.#providers.wake();
  }

  /** Sends to each socket what it has room for, and a ping where one is due. */
  #push(now: number): void {
    for (const { socket, attachment } of this.#sockets()) {
      const { epoch, consumer, max, intervalMs, pingedAt } = attachment;
      const pingDue = now - pingedAt >= intervalMs;
      const room = max - this.#count("status = 'claimed' AND consumer = ?", consumer);
      const messages = [
        ...(pingDue ? [ping(epoch)] : []),
        ...(room > 0 ? this.#claim(consumer, room, now) : []),
      ];
      if (messages.length === 0) continue;
      if (pingDue) socket.serializeAttachment({ ...attachment, pingedAt: now });
      socket.send(JSON.stringify({ messages }));
    }
  }

  #sockets(): { socket: WebSocket; attachment: Attachment }[] {
    return this.ctx.getWebSockets().flatMap((socket) => {
      const attachment = socket.deserializeAttachment() as Attachment | null;
      return attachment && socket.readyState === WebSocket.OPEN ? [{ socket, attachment }] : [];
    });
  }

  #polling(now: number): string[] {
    for (const [consumer, { seenAt }] of this.#pollers) {
      if (now - seenAt > ATTACHED_MS) this.#pollers.delete(consumer);
    }
    return [...this.#pollers.keys()];
  }

  /**
   * The next wake-up: the next ping while a socket is open, an interval from now while anybody polls, or when the next call
   * is due, whichever comes first; none without any.
   */
  async #schedule(now: number): Promise<void> {
    const [next] = this.#sql
      .exec<{ due_at: number | null }>("SELECT min(due_at) AS due_at FROM call")
      .toArray();
    const wakeUps = this.#sockets().map(({ attachment: { pingedAt, intervalMs } }) => pingedAt + intervalMs);
    if (this.#polling(now).length > 0) wakeUps.push(now + this.#intervalMs);
    if (typeof next?.due_at === "number") wakeUps.push(next.due_at + 1);
    const at = Math.min(...wakeUps);
    const set = await this.ctx.storage.getAlarm();
    if (wakeUps.length === 0) {
      if (set !== null) await this.ctx.storage.deleteAlarm();
    } else if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}

/** Closes a socket, and forgets whose it was: it stays on the list until the other side has closed it too. */
function letGo(socket: WebSocket, code: number, reason: string): void {
  socket.serializeAttachment(null);
  socket.close(code, reason);
}

/** All but a settled one's outcome, which has a column of its own. */
const stateOf = ({ state }: CallRow): CallState => JSON.parse(state) as CallState;

/** Its id begins with the registration that it asks about, so that the answer cannot count for another. */
const ping = ({ fence }: Epoch): Message => ({ type: "ping", ping_id: `${fence}/${crypto.randomUUID()}` });
