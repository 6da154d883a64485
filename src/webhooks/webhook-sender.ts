import { type Attempt, newProgress, type Progress, progressAfter } from "../core/webhooks/progress.ts";
import { isSubscribed, SUBSCRIPTIONS_MAX } from "../core/webhooks/subscription.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type { ObjectStorage } from "../durable/storage.ts";
import type { EventCursor, EventRecord, Store } from "../store/store.ts";
import { bodyOf, newMessageId } from "./message.ts";
import { Queue } from "./queue.ts";
import { MIGRATIONS } from "./schema.ts";
import { type Outside, send } from "./send.ts";
import { type Kept, Subscriptions } from "./subscriptions.ts";
import type { NewSubscription, SubscriptionState, Webhooks } from "./webhooks.ts";

/** How often it looks for news, ms. */
export const LOOK_EVERY_MS = 5000;
/** After so long the events are read although the marker is the same: a copy of the store may have been behind; ms. */
const READ_EVERY_MS = 60_000;
/** How many events are read at once, and how often in one look. */
const PAGE_EVENTS = 500;
const PAGES_MAX = 4;
/** How long one subscription's turn lasts, ms, and how many messages it sends at most. */
const TURN_MS = 5000;
const TURN_MESSAGES_MAX = 200;

/** What the sender has around it. */
export interface Ground extends Outside {
  /** Of the namespace. */
  store: Pick<Store, "events" | "latest" | "marker">;
  /** An event as readers of the history see it. */
  show: (event: EventRecord) => object;
  /** Resolves after so many ms. */
  pause: (ms: number) => Promise<void>;
}

/**
 * The object behind one namespace's webhooks; webhooks.ts says what its methods do, docs/webhooks.md what it promises. It copies
 * events from the namespace's history into a queue for each subscription, and sends each queue's in their order. It relies on
 * `tick` being called when the alarm goes off.
 */
export class WebhookSender implements Served<Webhooks> {
  readonly #storage: ObjectStorage;
  readonly #subscriptions: Subscriptions;
  readonly #queue: Queue;
  /** Subscriptions of which messages are being sent, by id. */
  readonly #turns = new Map<string, Promise<void>>();
  /** The store's marker when there was nothing more to read, and when that was. */
  #settled: { marker: string; at: number } | undefined;
  ground: Ground;

  constructor(ground: Ground, storage: ObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.ground = ground;
    this.#storage = storage;
    this.#subscriptions = new Subscriptions(storage.sql);
    this.#queue = new Queue(storage.sql);
  }

  async subscribe(asked: NewSubscription, now: number): Promise<SubscriptionState | "full"> {
    // Before it is there: what is told from now on comes after this place.
    const place = this.#subscriptions.place() ?? (await this.#endOfHistory());
    const isFull = this.#storage.transactionSync(() => {
      if (!this.#subscriptions.makeRoom(SUBSCRIPTIONS_MAX)) return true;
      if (!this.#subscriptions.place()) this.#subscriptions.keepPlace(place);
      const { secret, ...subscription } = asked;
      const secrets = { current: secret };
      this.#subscriptions.add({ subscription, secrets, progress: newProgress(now) });
      return false;
    });
    if (isFull) return "full";
    await this.#wakeAt(now + LOOK_EVERY_MS);
    return this.#stateOf(this.#subscriptions.active(asked.id)!);
  }

  async list(_now: number): Promise<SubscriptionState[]> {
    return this.#subscriptions.all().map((kept) => this.#stateOf(kept));
  }

  async unsubscribe(id: string, _now: number): Promise<boolean> {
    return this.#storage.transactionSync(() => {
      this.#queue.dropAll(id);
      return this.#subscriptions.remove(id);
    });
  }

  async rotate(
    id: string,
    secret: string,
    overlapMs: number,
    now: number,
  ): Promise<SubscriptionState | undefined> {
    const kept = this.#subscriptions.active(id);
    if (!kept) return undefined;
    const previous = { secret: kept.secrets.current, until: now + overlapMs };
    this.#subscriptions.keepSecrets(id, { current: secret, ...(overlapMs > 0 && { previous }) });
    return this.#stateOf(kept);
  }

  async sendTest(id: string, now: number): Promise<Attempt | undefined> {
    const kept = this.#subscriptions.active(id);
    if (!kept) return undefined;
    const message = { id: newMessageId(), body: bodyOf("test", now, { subscription: id }) };
    const attempt = await send(this.ground, receiverOf(kept, now), message, now);
    const after = this.#subscriptions.active(id);
    if (attempt.isDelivered && after) this.#subscriptions.keepProgress(id, { ...after.progress, dueAt: now });
    return attempt;
  }

  /** To be called when the alarm goes off, or earlier: looks for news, sends what is due, and sets the next alarm. */
  async tick(now: number): Promise<void> {
    // While the store is out, what waits is sent all the same.
    const isMore = await this.#look(now).catch(() => false);
    for (const { subscription, progress } of this.#subscriptions.allActive())
      if (progress.dueAt <= now && !this.#turns.has(subscription.id)) this.#begin(subscription.id, now);
    // A receiver that is slow holds up itself alone: its turn goes on, and the others' next ones begin.
    if (this.#turns.size > 0)
      await Promise.race([Promise.all(this.#turns.values()), this.ground.pause(LOOK_EVERY_MS)]);
    const active = this.#subscriptions.allActive();
    if (active.length === 0) return this.#storage.deleteAlarm();
    const isWaiting = active.some(
      ({ subscription: { id }, progress }) =>
        progress.dueAt <= now && !this.#turns.has(id) && this.#queue.count(id) > 0,
    );
    await this.#storage.setAlarm(isMore || isWaiting ? now : now + LOOK_EVERY_MS);
  }

  /** Copies what was told since the last look into the queues. @returns whether there is more */
  async #look(now: number): Promise<boolean> {
    if (this.#subscriptions.allActive().length === 0) return false;
    const { store } = this.ground;
    const marker = await store.marker();
    if (marker === this.#settled?.marker && now - this.#settled.at < READ_EVERY_MS) return false;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const place = this.#subscriptions.place();
      if (!place) return false;
      const since = place === "beginning" ? undefined : place;
      const page = await store.events({ since, limit: PAGE_EVENTS });
      this.#storage.transactionSync(() => {
        // Of two looks at the same time one takes the page.
        if (!isSame(this.#subscriptions.place(), place)) return;
        if (page === "too_old") {
          this.#subscriptions.keepPlace("beginning");
          this.#tellAllOfLoss(now);
        } else {
          this.#subscriptions.keepPlace(page.next);
          this.#copy(page.events);
        }
      });
      if (page === "too_old" || page.events.length === PAGE_EVENTS) continue;
      // Only what brought nothing shows that there is nothing: a copy that is behind may have had a part.
      if (page.events.length === 0) this.#settled = { marker, at: now };
      return false;
    }
    return true;
  }

  #copy(events: readonly EventRecord[]): void {
    for (const { subscription } of this.#subscriptions.allActive()) {
      const wanted = events.filter((event) => isSubscribed(subscription, event));
      this.#queue.addEvents(subscription.id, wanted, this.ground.show);
    }
  }

  #tellAllOfLoss(now: number): void {
    for (const { subscription } of this.#subscriptions.allActive())
      this.#queue.addLoss(subscription.id, { reason: "history_trimmed", count: null, until: now });
  }

  /** Begins to send what waits for one subscription, one message after another, until one fails or its turn is over. */
  #begin(id: string, now: number): void {
    const turn = this.#takeTurn(id, now)
      // What stopped it is with the storage, and so is what is left to do.
      .catch(() => undefined)
      .finally(() => this.#turns.delete(id));
    this.#turns.set(id, turn);
  }

  async #takeTurn(id: string, now: number): Promise<void> {
    const over = AbortSignal.timeout(TURN_MS);
    for (let sent = 0; sent < TURN_MESSAGES_MAX && !over.aborted; sent += 1) {
      const kept = this.#subscriptions.active(id);
      const message = kept && this.#queue.first(id);
      if (!message) return;
      const attempt = await send(this.ground, receiverOf(kept, now), message, now);
      const isOver = this.#storage.transactionSync(() => {
        const before = this.#subscriptions.active(id);
        if (!before) return true;
        const after = progressAfter(before.progress, attempt, now, Math.random());
        if (attempt.isDelivered) this.#queue.drop(id, message.number);
        this.#keep(id, after);
        return !attempt.isDelivered;
      });
      if (isOver) return;
    }
  }

  /** What has ended needs neither its messages nor its secrets. */
  #keep(id: string, progress: Progress): void {
    this.#subscriptions.keepProgress(id, progress);
    if (!progress.ended) return;
    this.#queue.dropAll(id);
    this.#subscriptions.forgetSecrets(id);
  }

  /** After everything that was told. */
  async #endOfHistory(): Promise<EventCursor> {
    const { store } = this.ground;
    const [newest] = await store.latest(1);
    if (newest) return { revision: newest.revision, nonce: newest.nonce };
    const page = await store.events({ since: undefined, limit: 1 });
    if (page === "too_old") throw new Error("without a cursor nothing is too old");
    return page.next;
  }

  #stateOf({ subscription, progress }: Kept): SubscriptionState {
    return { ...subscription, ...progress, queued: this.#queue.count(subscription.id) };
  }

  async #wakeAt(at: number): Promise<void> {
    const set = await this.#storage.getAlarm();
    if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}

function receiverOf({ subscription, secrets }: Kept, now: number): { url: string; secrets: string[] } {
  const { current, previous } = secrets;
  const both = previous && now < previous.until ? [current, previous.secret] : [current];
  return { url: subscription.url, secrets: both };
}

const isSame = (a: object | string | undefined, b: object | string | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
