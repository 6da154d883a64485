import type { ObjectStorage, Sql } from "../../durable/storage.ts";
import type { Kind, Ref } from "../../core/entry.ts";
import { type Event, FLIPS_MS } from "../../core/event.ts";
import { type EventsKept, oldestToKeep, type Probe, revisionsToProbe } from "../forgetting.ts";
import { pageAfter, pageOf } from "../event-page.ts";
import { EntryLog } from "./entry-log.ts";
import {
  EVENTS_MAX,
  EVENTS_SPARED,
  type EventCursor,
  type EventPage,
  type EventRecord,
  type EventsQuery,
  type SweepReport,
} from "../store.ts";
import { type EventRow, SQL } from "./schema.ts";

/** How long a cursor may stand on a change of status that was replaced, ms. */
const REPLACED_KEPT_MS = 600_000;
const FLIPS_MAX = 10_000;

/** What happened: the newest events, and the last sweep's report. */
export class History {
  readonly #storage: ObjectStorage;
  readonly #sql: Sql;
  readonly #log: EntryLog;
  /** The last change of status of each agent that had one, and when the first of those was whose place it has. */
  readonly #flips = new Map<string, { revision: number; firstAt: number }>();

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#log = new EntryLog(storage.sql);
  }

  /** A change of status takes the place of the agent's last, if the first of these was not long ago. */
  add(event: Event): void {
    if (event.type === "status_changed") this.#addFlip(event);
    else this.#append(event);
  }

  tell(events: readonly Event[]): void {
    this.#storage.transactionSync(() => {
      for (const event of events) this.add(event);
    });
  }

  #append(event: Event): number {
    const json = JSON.stringify(event);
    const { revision, nonce } = this.#sql
      .exec<Pick<EventRow, "revision" | "nonce">>(SQL.addEvent, json)
      .one();
    this.#sql.exec(SQL.forgetEvents, revision - EVENTS_MAX);
    this.#log.add(event, { revision, nonce, event: json });
    return revision;
  }

  #addFlip(event: Event): void {
    const name = `${event.kind}:${event.id}`;
    const last = this.#flips.get(name);
    const isFlip = last !== undefined && Math.abs(event.at - last.firstAt) < FLIPS_MS;
    if (isFlip) {
      this.#sql.exec(SQL.forgetReplaced, event.at - REPLACED_KEPT_MS);
      this.#sql.exec(SQL.rememberReplaced, last.revision, event.at);
      this.#sql.exec(SQL.forgetReplacedEvent, last.revision);
      this.#log.drop(event, last.revision);
    }
    if (this.#flips.size >= FLIPS_MAX) this.#flips.clear();
    this.#flips.set(name, { revision: this.#append(event), firstAt: isFlip ? last.firstAt : event.at });
  }

  log(ref: Ref<Kind>, limit: number, now: number): EventRecord[] {
    return this.#log.read(ref, limit, now).map(toEvent);
  }

  marker(): string {
    return String(this.#sql.exec<{ revision: number | null }>(SQL.history).one().revision ?? "");
  }

  events({ since, limit }: EventsQuery): EventPage | "too_old" {
    const history = this.#sql.exec<{ revision: number | null; nonce: string }>(SQL.history).one();
    const isReplaced =
      since !== undefined && this.#sql.exec(SQL.isReplaced, since.revision, since.nonce).toArray().length > 0;
    const began = { revision: history.revision ?? 0, nonce: history.nonce, isReplaced };
    const rows = this.#sql.exec<EventRow>(SQL.eventsFrom, since?.revision ?? 0, limit + (since ? 1 : 0));
    const events = rows.toArray().map(toEvent);
    return since ? pageAfter(since, limit, events, began) : pageOf(events, began);
  }

  forgetEvents(kept: EventsKept): void {
    const [oldest] = this.#probe(0);
    const [newest] = this.#sql.exec<EventRow>(SQL.latestEvents, null, 1).toArray().map(toProbe);
    if (!oldest || !newest) return;
    const probes = revisionsToProbe(oldest, newest, kept).flatMap((revision) => this.#probe(revision));
    if (probes.length > 0) this.#sql.exec(SQL.forgetEvents, oldestToKeep(probes, newest, kept) - 1);
  }

  /** The first event from a revision on. */
  #probe(revision: number): Probe[] {
    return this.#sql.exec<EventRow>(SQL.eventsFrom, revision, 1).toArray().map(toProbe);
  }

  makeRoom(): void {
    const { revision } = this.#sql.exec<{ revision: number | null }>(SQL.history).one();
    this.#sql.exec(SQL.forgetEvents, (revision ?? 0) - EVENTS_SPARED);
  }

  latest(limit: number, upTo?: EventCursor): EventRecord[] {
    const { latestEvents } = SQL;
    return this.#sql
      .exec<EventRow>(latestEvents, upTo?.revision ?? null, limit)
      .toArray()
      .map(toEvent);
  }

  sweepReport(): SweepReport | undefined {
    const [row] = this.#sql.exec<{ report: string }>(SQL.readSweepReport).toArray();
    return row && (JSON.parse(row.report) as SweepReport);
  }

  keepSweepReport(report: SweepReport): void {
    this.#sql.exec(SQL.writeSweepReport, JSON.stringify(report));
  }
}

const toEvent = ({ revision, nonce, event }: EventRow): EventRecord => ({
  revision,
  nonce,
  ...(JSON.parse(event) as Event),
});

const toProbe = (row: EventRow): Probe => ({
  revision: row.revision,
  at: toEvent(row).at,
  chars: row.event.length,
});
