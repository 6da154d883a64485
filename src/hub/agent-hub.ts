import * as z from "zod";
import { KEYS_LOOKED_AT_EVERY_MS } from "../core/api-key.ts";
import { heartbeatInput } from "../core/agents/agent.ts";
import { heldLease, releasedLease } from "../core/holding.ts";
import { HOLDER_ALIVE_MS } from "../core/lease.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type { HibernatingSocket, ObjectStorage, Sockets } from "../durable/storage.ts";
import { chunks } from "../store/chunks.ts";
import { endedAmong } from "../store/keyring.ts";
import type { Holding, Renewed, Store } from "../store/store.ts";
import { Departures } from "./departures.ts";
import { CLOSED, type Hub, type PresenceRequest } from "./hub.ts";
import { InTurn } from "./in-turn.ts";
import { Lives } from "./lives.ts";
import { type OpenPresence, type Presence, Presences, say } from "./presences.ts";
import { MIGRATIONS } from "./schema.ts";

/** How many sockets a hub takes. Each takes some 70 KiB of the platform's memory. */
export const SOCKETS_MAX = 10_000;
/** How often the holder is written, ms. */
export const REFRESH_MS = 20_000;
/** How long the last life is kept alive, ms: its agents come back within 30 s. */
export const GRACE_MS = 60_000;
/** A socket is silent after so many intervals; agents ping once in each. */
const SILENT_INTERVALS = 1.25;
/** How often silence is looked for, in intervals: with the above no more than 1.5 pass until it is found. */
const LOOK_INTERVALS = 0.25;
/** What an agent reports is written once in so many ms, the last word. */
export const REPORT_EVERY_MS = 5000;
/**
 * How often it is looked whether a lease that nobody wrote is there, ms, or once in its TTL if that is longer. The store may
 * have lost it alone; a shorter time would be most of the traffic of a large fleet.
 */
export const VERIFY_MS = 900_000;
/** After the store did not answer, ms. */
const RETRY_MS = 5000;
/** Among ids, of which none is empty: the holder itself. */
const HOLDER = "";
const ATTACHED_AT_ONCE = 500;
const VERIFIED_AT_ONCE = 1000;

const report = z.strictObject({
  status: heartbeatInput.shape.status,
  current_load: heartbeatInput.shape.current_load,
});

type HubStore = Pick<Store, "attach" | "detach" | "keepHolder" | "areKept" | "findKeys">;

/**
 * The object behind one hub; hub.ts says what its methods do, docs/lease.md what it promises. It holds the leases of the agents
 * whose sockets it has, and writes once in 20 s for all of them that it lives. Between events it relies on `tick` being called
 * when the alarm goes off.
 */
export class AgentHub implements Served<Omit<Hub, "socket">> {
  readonly #name: string;
  readonly #storage: ObjectStorage;
  readonly #presences: Presences;
  readonly #lives: Lives;
  readonly #departures: Departures;
  /** One agent's lease is written by one after another: the end of its socket must not overtake what was before. */
  readonly #turns = new InTurn();
  /** When the keys of the sockets were last looked at; undefined: not in this life. */
  #keysSeenAt: number | undefined;
  /** Where the leases are. */
  store: HubStore;

  constructor(name: string, store: HubStore, storage: ObjectStorage, sockets: Sockets) {
    migrate(storage, MIGRATIONS);
    this.#name = name;
    this.store = store;
    this.#storage = storage;
    this.#presences = new Presences(sockets);
    this.#lives = new Lives(storage.sql, this.#presences.all().length > 0);
    this.#departures = new Departures(storage.sql);
  }

  /** The name of this life. */
  get holder(): string {
    return this.#holder(this.#lives.current);
  }

  /**
   * Takes the server's end of an agent's socket (the port's `socket`). Its earlier sockets are let go of.
   *
   * @returns what the holder is to do; "gone": no lease of that fence is alive; "full". In these two it is not accepted
   * @throws {Problem} `store_unavailable`
   */
  async attach(socket: HibernatingSocket, request: PresenceRequest, now: number): Promise<Renewed | "full"> {
    if (this.#presences.areAtLeast(SOCKETS_MAX)) return "full";
    if (this.#isRefreshDue(now)) await this.#refresh(now);
    const presence = { ...request, heardAt: now, writtenAt: now, owes: false };
    const { id, fence } = request;
    return this.#turns.do([id], async () => {
      for (const earlier of this.#presences.of(id)) this.#presences.letGo(earlier.socket, CLOSED.moved);
      const [desired] = await this.store.attach([this.#holding(presence, now)], now).catch(async (error) => {
        // It may have been attached, and nobody will let go of it.
        this.#depart(presence, now);
        await this.#wakeAt(now + RETRY_MS);
        throw error;
      });
      this.#departures.drop({ ref: { kind: "agent", id }, fence });
      if (desired === "gone") return "gone";
      this.#presences.add(socket, presence);
      const interval = request.terms.intervalSeconds ?? 0;
      say(socket, { type: "attached", next_interval_seconds: interval, desired_state: desired! });
      await this.#wakeAt(Math.min(now + lookEvery(presence), now + REFRESH_MS));
      return desired!;
    });
  }

  /** Every open socket. */
  open(): OpenPresence[] {
    return this.#presences.all();
  }

  /** Takes what an agent says on its socket. What is not understood closes it. */
  async hear(socket: HibernatingSocket, text: string, now: number): Promise<void> {
    const before = this.#presences.find(socket);
    if (!before) return;
    const heardAt = Math.max(before.heardAt, now);
    if (text === "ping") {
      // One that the platform did not answer by itself.
      this.#presences.keep(socket, { ...before, heardAt });
      return socket.send("pong");
    }
    const said = readReport(text);
    if (!said) {
      this.#presences.letGo(socket, CLOSED.notUnderstood);
      return this.#end(before, now);
    }
    const { status = before.state.status, current_load: currentLoad = before.state.currentLoad } = said;
    const presence = { ...before, state: { status, currentLoad }, heardAt, owes: true };
    this.#presences.keep(socket, presence);
    const dueAt = presence.writtenAt + REPORT_EVERY_MS;
    if (now >= dueAt)
      await this.#write([{ socket, presence }], now).catch(() => this.#wakeAt(now + RETRY_MS));
    else await this.#wakeAt(dueAt);
  }

  /** To be called when an agent's socket has closed. */
  async closed(socket: HibernatingSocket, now: number): Promise<void> {
    const presence = this.#presences.find(socket);
    if (!presence) return;
    socket.serializeAttachment(null);
    await this.#end(presence, now);
  }

  async tell(id: string, desired: "run" | "drain", _now: number): Promise<void> {
    for (const { socket } of this.#presences.of(id))
      say(socket, { type: "desired_state", desired_state: desired });
  }

  async drop(id: string, fence: string, _now: number): Promise<void> {
    for (const { socket, presence } of this.#presences.of(id))
      if (presence.fence === fence) this.#presences.letGo(socket, CLOSED.lost);
  }

  /** To be called when the alarm goes off, or earlier: does what is due, and sets the next alarm. */
  async tick(now: number): Promise<void> {
    const attempts = [
      () => this.#keepPast(now),
      () => this.#keepCurrent(now),
      () => this.#letSilentGo(now),
      () => this.#letEndedKeysGo(now),
      () => this.#letGoOf(now),
      () => this.#writeOwed(now),
      () => this.#verify(now),
    ];
    let hasFailed = false;
    for (const attempt of attempts) await attempt().catch(() => (hasFailed = true));
    const at = Math.min(this.#nextAt(now), hasFailed ? now + RETRY_MS : Infinity);
    if (at === Infinity) await this.#storage.deleteAlarm();
    else await this.#storage.setAlarm(at);
  }

  async #keepPast(now: number): Promise<void> {
    for (const { number, seen_at, sockets, until } of this.#lives.past()) {
      if (seen_at === null) this.#lives.forget(number);
      else if (until === null || now < until) {
        if (until === null) this.#lives.keepUntil(number, now + GRACE_MS);
        if (until !== null && now - seen_at < REFRESH_MS) continue;
        await this.store.keepHolder(this.#holder(number), { seenAt: now, sockets });
        this.#lives.wasSeen(number, now, sockets);
      } else {
        await this.store.keepHolder(this.#holder(number), { seenAt: seen_at, sockets: 0, ended: true });
        this.#lives.forget(number);
      }
    }
  }

  async #keepCurrent(now: number): Promise<void> {
    const isUsed = this.#presences.count() > 0 || this.#departures.some().length > 0;
    if (isUsed && this.#isRefreshDue(now)) await this.#refresh(now);
  }

  #isRefreshDue(now: number): boolean {
    const { seenAt } = this.#lives;
    return seenAt === null || now - seenAt >= REFRESH_MS;
  }

  /** One after another: of two at the same time each would take what the other has written for a loss. */
  #refresh(now: number): Promise<void> {
    return this.#turns.do([HOLDER], async () => {
      if (this.#isRefreshDue(now)) await this.#refreshNow(now);
    });
  }

  /** Writes that this life lives. Where the store had something else of it, or readers took it for dead, all attach anew. */
  async #refreshNow(now: number): Promise<void> {
    const { current, seenAt } = this.#lives;
    const sockets = this.#presences.count();
    const before = await this.store.keepHolder(this.holder, { seenAt: now, sockets });
    this.#lives.wasSeen(current, now, sockets);
    const isLost = before?.seenAt !== (seenAt ?? undefined);
    const wasTakenForDead = seenAt !== null && now - seenAt > HOLDER_ALIVE_MS;
    if (isLost || wasTakenForDead) await this.#write(this.#presences.all(), now);
  }

  async #letSilentGo(now: number): Promise<void> {
    for (const open of this.#presences.all()) {
      const heardAt = this.#presences.heardAt(open);
      if (now - heardAt <= silentAfter(open.presence)) continue;
      this.#presences.letGo(open.socket, CLOSED.silent);
      this.#depart(open.presence, heardAt, false);
    }
  }

  /** Lets the sockets go whose API keys have ended. While the store does not answer they stay. */
  async #letEndedKeysGo(now: number): Promise<void> {
    if (now - (this.#keysSeenAt ?? -Infinity) < KEYS_LOOKED_AT_EVERY_MS) return;
    const keys = this.#presences.keys();
    if (keys.length === 0) return;
    const ended = await endedAmong(this.store, keys, now);
    this.#keysSeenAt = now;
    for (const { socket, presence } of this.#presences.all()) {
      if (presence.key === undefined || !ended.has(presence.key)) continue;
      this.#presences.letGo(socket, CLOSED.keyEnded);
      this.#depart(presence, now);
    }
  }

  /** Detaches what is to be detached. */
  async #letGoOf(now: number): Promise<void> {
    for (let some = this.#departures.some(); some.length > 0; some = this.#departures.some()) {
      const ids = some.map(({ ref }) => ref.id);
      await this.#turns.do(ids, async () => {
        // One that came back meanwhile has dropped its own.
        const left = this.#departures.some().filter(({ ref }) => ids.includes(ref.id));
        const due = left.map((departure) => ({ ...departure, ttlMs: endOf(departure.lease) - now }));
        await this.store.detach(due, now);
        for (const departure of due) this.#departures.drop(departure);
      });
    }
  }

  async #writeOwed(now: number): Promise<void> {
    const isDue = ({ presence: { owes, writtenAt } }: OpenPresence) =>
      owes && now - writtenAt >= REPORT_EVERY_MS;
    const due = this.#presences.all().filter(isDue);
    if (due.length > 0) await this.#write(due, now);
  }

  /** Looks for leases that the store has lost by themselves. */
  async #verify(now: number): Promise<void> {
    const isDue = ({ presence: { writtenAt, terms } }: OpenPresence) =>
      now - writtenAt >= Math.max(VERIFY_MS, terms.ttlSeconds * 1000);
    const due = this.#presences.all().filter(isDue).slice(0, VERIFIED_AT_ONCE);
    if (due.length === 0) return;
    const kept = await this.store.areKept(
      due.map(({ presence }) => refOf(presence)),
      now,
    );
    const lost = due.filter((_, i) => !kept[i]);
    for (const [i, { socket }] of due.entries()) {
      const presence = this.#presences.find(socket);
      if (kept[i] && presence) this.#presences.keep(socket, { ...presence, writtenAt: now });
    }
    if (lost.length > 0) await this.#write(lost, now);
  }

  /** Attaches leases anew, with what was reported last; lets those go whose leases are gone. */
  async #write(some: readonly OpenPresence[], now: number): Promise<void> {
    for (const batch of chunks(some, ATTACHED_AT_ONCE)) {
      const ids = batch.map(({ presence }) => presence.id);
      await this.#turns.do(ids, async () => {
        const open = batch.flatMap(({ socket }) => {
          const presence = this.#presences.find(socket);
          return presence ? [{ socket, presence }] : [];
        });
        if (open.length === 0) return;
        const answers = await this.store.attach(
          open.map(({ presence }) => this.#holding(presence, now)),
          now,
        );
        for (const [i, { socket, presence: written }] of open.entries()) {
          const presence = this.#presences.find(socket);
          // It closed meanwhile, and what follows in its turn detaches it.
          if (!presence) continue;
          if (answers[i] === "gone") this.#presences.letGo(socket, CLOSED.gone);
          else {
            const owes = presence.heardAt > written.heardAt && presence.owes;
            this.#presences.keep(socket, { ...presence, writtenAt: now, owes });
          }
        }
      });
    }
  }

  async #end(presence: Presence, now: number): Promise<void> {
    this.#depart(presence, now);
    await this.#letGoOf(now).catch(() => this.#wakeAt(now + RETRY_MS));
  }

  #depart(presence: Presence, lastSeenAt: number, cutOff = true): void {
    const { lease, ...ref } = this.#holding(presence, lastSeenAt);
    const released = releasedLease(lease, lastSeenAt, cutOff);
    this.#departures.add({ ...ref, holder: this.holder, lease: released, ttlMs: 0 });
  }

  #holding(presence: Presence, now: number): Holding {
    return { ...refOf(presence), lease: heldLease(presence.terms, presence.state, this.holder, now) };
  }

  #holder(life: number): string {
    return `${this.#name}.${life}`;
  }

  #nextAt(now: number): number {
    const { seenAt } = this.#lives;
    const times: number[] = this.#lives.past().map(() => now + REFRESH_MS);
    const all = this.#presences.all();
    if (all.length > 0) times.push((seenAt ?? now) + REFRESH_MS);
    for (const open of all) {
      const { presence } = open;
      const silentAt = this.#presences.heardAt(open) + silentAfter(presence) + 1;
      times.push(Math.max(silentAt, now + lookEvery(presence)));
      if (presence.owes) times.push(presence.writtenAt + REPORT_EVERY_MS);
      if (presence.key !== undefined) times.push((this.#keysSeenAt ?? now) + KEYS_LOOKED_AT_EVERY_MS);
    }
    if (this.#departures.some().length > 0) times.push(now + RETRY_MS);
    return times.reduce((first, at) => Math.min(first, at), Infinity);
  }

  async #wakeAt(at: number): Promise<void> {
    const set = await this.#storage.getAlarm();
    if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}

const refOf = ({ id, fence }: Presence) => ({ ref: { kind: "agent" as const, id }, fence });
const endOf = ({ expiresAt }: { expiresAt: number | null }): number => expiresAt ?? 0;

const intervalMs = ({ terms }: Presence): number => (terms.intervalSeconds ?? 0) * 1000;
const silentAfter = (presence: Presence): number => SILENT_INTERVALS * intervalMs(presence);
const lookEvery = (presence: Presence): number => LOOK_INTERVALS * intervalMs(presence);

function readReport(text: string): z.infer<typeof report> | undefined {
  try {
    return report.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
