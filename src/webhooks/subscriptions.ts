import type { Progress } from "../core/webhooks/progress.ts";
import type { Subscription } from "../core/webhooks/subscription.ts";
import type { Sql } from "../durable/storage.ts";
import type { EventCursor } from "../store/store.ts";
import { SQL, type SubscriptionRow } from "./schema.ts";

/** Both are `whsec_…`. */
export interface Secrets {
  current: string;
  /** The one before, which signs until then, ms since the Unix epoch. */
  previous?: { secret: string; until: number };
}

export interface Kept {
  subscription: Subscription;
  secrets: Secrets;
  progress: Progress;
}

/** How far into the history the events have been copied; "beginning": before the oldest that is kept. */
export type Place = EventCursor | "beginning";

/** Who subscribed, and the place in the history that all who have not ended have in common. */
export class Subscriptions {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** undefined where nobody subscribes. */
  place(): Place | undefined {
    const [row] = this.#sql.exec<{ place: string }>(SQL.place).toArray();
    return row && (JSON.parse(row.place) as Place);
  }

  keepPlace(place: Place): void {
    this.#sql.exec(SQL.keepPlace, JSON.stringify(place));
  }

  /** Oldest first. */
  all(): Kept[] {
    return this.#sql
      .exec<SubscriptionRow>(SQL.subscriptions)
      .toArray()
      .map(({ subscription, secrets, progress }) => ({
        subscription: JSON.parse(subscription) as Subscription,
        secrets: JSON.parse(secrets) as Secrets,
        progress: JSON.parse(progress) as Progress,
      }));
  }

  allActive(): Kept[] {
    return this.all().filter(({ progress }) => !progress.ended);
  }

  active(id: string): Kept | undefined {
    return this.allActive().find(({ subscription }) => subscription.id === id);
  }

  add({ subscription, secrets, progress }: Kept): void {
    this.#sql.exec(
      SQL.subscribe,
      subscription.id,
      JSON.stringify(subscription),
      JSON.stringify(secrets),
      JSON.stringify(progress),
    );
  }

  /** Forgets those that ended first, until there is room for one more. @returns false: so many have not ended */
  makeRoom(max: number): boolean {
    const all = this.all();
    const ended = all
      .flatMap(({ subscription: { id }, progress }) =>
        progress.ended ? [{ id, at: progress.ended.at }] : [],
      )
      .toSorted((a, b) => a.at - b.at);
    const surplus = Math.max(0, all.length + 1 - max);
    if (surplus > ended.length) return false;
    for (const { id } of ended.slice(0, surplus)) this.remove(id);
    return true;
  }

  /** @returns whether there was one */
  remove(id: string): boolean {
    const isThere = this.all().some(({ subscription }) => subscription.id === id);
    this.#sql.exec(SQL.unsubscribe, id);
    this.#forgetPlaceIfUnused();
    return isThere;
  }

  keepProgress(id: string, progress: Progress): void {
    this.#sql.exec(SQL.keepProgress, JSON.stringify(progress), id);
    if (progress.ended) this.#forgetPlaceIfUnused();
  }

  keepSecrets(id: string, secrets: Secrets): void {
    this.#sql.exec(SQL.keepSecrets, JSON.stringify(secrets), id);
  }

  /** Of one that has ended. */
  forgetSecrets(id: string): void {
    this.#sql.exec(SQL.keepSecrets, "{}", id);
  }

  /** Whoever subscribes next begins at the end of the history. */
  #forgetPlaceIfUnused(): void {
    if (this.allActive().length === 0) this.#sql.exec(SQL.forgetPlace);
  }
}
