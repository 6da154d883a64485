import type { Kind, Ref } from "../../core/entry.ts";
import type { Event } from "../../core/event.ts";
import { migrate } from "../../durable/migrate.ts";
import type { Served } from "../../durable/served.ts";
import type { ObjectStorage, Sql } from "../../durable/storage.ts";
import type { Holder } from "../../core/holding.ts";
import type {
  Departure,
  EventCursor,
  EventPage,
  EventRecord,
  EventsQuery,
  Healed,
  HealQuery,
  Muster,
  PageQuery,
  Renewal,
  Renewed,
  RollPage,
  RollQuery,
  SweepReport,
  TermsPage,
  TermsQuery,
} from "../store.ts";
import type { EventsKept } from "../forgetting.ts";
import type { KeyringChange, StoredKey } from "../../core/api-key.ts";
import type { UsedKey } from "../keyring.ts";
import { countHeard } from "../heard.ts";
import { ApiKeys } from "./api-keys.ts";
import { Entries } from "./entries.ts";
import { History } from "./history.ts";
import { Holders } from "./holders.ts";
import { KnownRows } from "./known-rows.ts";
import { Members } from "./members.ts";
import type {
  DrawnRows,
  DrawQuery,
  PageOfRows,
  RegistryCalls,
  SentChange,
  OutcomeRow,
  SnapshotRow,
} from "./registry-calls.ts";
import { type EntryRow, MIGRATIONS, SQL, type UsageRow } from "./schema.ts";
import { Search } from "./search.ts";

/**
 * The embedded store: one object holds one namespace. Its methods are those of the port (store.ts), and have its contract; entries are rows (registry-calls.ts).
 * The object is the only writer of its tables and waits for nothing inside a method, so each method is atomic.
 */
export class RegistryObject implements Served<RegistryCalls> {
  readonly #sql: Sql;
  readonly #entries: Entries;
  readonly #search: Search;
  readonly #history: History;
  readonly #holders: Holders;
  readonly #apiKeys: ApiKeys;
  /** ms since the Unix epoch. It decides what has lapsed: a caller whose clock is ahead hides and reaps nothing. */
  clock: () => number;

  constructor(storage: ObjectStorage, clock: () => number) {
    this.clock = clock;
    migrate(storage, MIGRATIONS);
    const { sql } = storage;
    this.#sql = sql;
    this.#history = new History(storage);
    const members = new Members(sql);
    const rows = new KnownRows(sql);
    this.#holders = new Holders(sql, rows);
    this.#apiKeys = new ApiKeys(storage, this.#history);
    this.#entries = new Entries(storage, this.#history, members, rows);
    this.#search = new Search(sql, members, rows);
  }

  ping(_now: number): void {}

  read(refs: readonly Ref<Kind>[]): SnapshotRow[] {
    return this.#entries.read(refs, this.clock());
  }

  readWithClock(refs: readonly Ref<Kind>[]): { snapshots: SnapshotRow[]; clock: number } {
    return { snapshots: this.read(refs), clock: this.clock() };
  }

  readHeld(ref: Ref<Kind>): EntryRow | undefined {
    return this.#entries.readRow(ref, this.clock());
  }

  commit(changes: readonly SentChange[], now: number): OutcomeRow[] {
    return this.#entries.commit(changes, now, this.clock());
  }

  usage(owner: string | null): UsageRow {
    return this.#entries.usage(owner);
  }

  renew(renewals: readonly Renewal<Kind>[], now: number): Renewed[] {
    return this.#entries.renew(renewals, now, this.clock());
  }

  detach(departures: readonly Departure[]): boolean[] {
    return this.#holders.detach(departures, this.clock());
  }

  keepHolder(name: string, holder: Holder): Holder | undefined {
    return this.#holders.keep(name, holder, this.clock());
  }

  holders(names: readonly string[]): (Holder | undefined)[] {
    return this.#holders.find(names);
  }

  areKept(leases: readonly Pick<Renewal, "ref" | "fence">[]): boolean[] {
    return this.#holders.areKept(leases, this.clock());
  }

  sample(query: DrawQuery): DrawnRows {
    return this.#search.sample(query, this.clock());
  }

  page(query: PageQuery<Kind>): PageOfRows {
    return this.#search.page(query, this.clock());
  }

  count(kind: Kind): number {
    return this.#search.count(kind);
  }

  terms(query: TermsQuery): TermsPage {
    return this.#search.terms(query);
  }

  roll(query: RollQuery): RollPage {
    return this.#search.roll(query, this.clock());
  }

  muster(query: RollQuery, now: number): Muster {
    const { calls, next } = this.roll({ ...query, directives: true });
    return { ...countHeard(calls, now, true), scanned: calls.length, next };
  }

  /** Nothing to do: terms are written with their entry, and nothing else can touch the tables. */
  heal(_query: HealQuery): Healed {
    return { healed: 0, next: "" };
  }

  events(query: EventsQuery): EventPage | "too_old" {
    return this.#history.events(query);
  }

  tell(events: readonly Event[]): void {
    this.#history.tell(events);
  }

  log(ref: Ref<Kind>, limit: number, now: number): EventRecord[] {
    return this.#history.log(ref, limit, now);
  }

  marker(): string {
    return this.#history.marker();
  }

  forgetEvents(kept: EventsKept): void {
    this.#history.forgetEvents(kept);
  }

  makeRoom(): void {
    this.#history.makeRoom();
  }

  latest(limit: number, upTo?: EventCursor): EventRecord[] {
    return this.#history.latest(limit, upTo);
  }

  sweepReport(): SweepReport | undefined {
    return this.#history.sweepReport();
  }

  keepSweepReport(report: SweepReport): void {
    this.#history.keepSweepReport(report);
  }

  findKeys(ids: readonly string[], now: number): (StoredKey | undefined)[] {
    return this.#apiKeys.find(ids, now);
  }

  keyring(): { keys: UsedKey[]; version: string } {
    return this.#apiKeys.all();
  }

  changeKeyring(version: string, change: KeyringChange, event?: Event): boolean {
    return this.#apiKeys.change(version, change, event);
  }

  signingKey(candidate: string): string {
    this.#sql.exec(SQL.addSigningKey, candidate);
    return this.#sql.exec<{ secret: string }>(SQL.readSigningKey).one().secret;
  }
}
