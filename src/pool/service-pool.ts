import { changesIn } from "../core/field-changes.ts";
import { moveOf, resetOf } from "../core/services/breaker-event.ts";
import {
  cursorAfter,
  type PoolState,
  type Position,
  type ProviderChoice,
  type ProviderQuery,
  selectProvider,
} from "../core/services/choose.ts";
import {
  afterCheck,
  afterChoice,
  afterReport,
  afterReset,
  type Override,
  providerKey,
  type ProviderState,
  type RegistrationRef,
  stateOf,
} from "../core/services/provider-state.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type { ObjectStorage } from "../durable/storage.ts";
import {
  type Answered,
  type BarePool,
  type Caused,
  type CheckResult,
  type KeptOverride,
  type PoolEvent,
  type ProviderReport,
  type ReportResult,
  type ResolveRequest,
  type SelectionRecord,
  SELECTIONS_MAX,
  TELLING_MS,
  TOLD_AT_ONCE,
  type Untold,
  UNTOLD_MAX,
} from "./pool.ts";
import { MIGRATIONS, SQL } from "./schema.ts";

const REASONS_KEPT_MAX = 100;
// A selection is believed for a day; the clocks of isolates may differ by minutes.
const REPORTED_KEPT_MS = 25 * 3_600_000;
// How many more states than offers are kept before the states of ended registrations are dropped.
const ENDED_STATES_MAX = 100;

interface Memory extends PoolState {
  providers: Map<string, ProviderState>;
  cursors: Map<string, Position>;
  /** Whether there is anything to be told; undefined: nobody has looked. */
  hasUntold?: boolean | undefined;
}

/**
 * The object behind one service's pool; pool.ts says what each method does, core/services holds the rules. There is one
 * object per service and no method waits, so each is atomic. Each change is written to storage before the method returns, so
 * the answers after an eviction are the same.
 */
export class ServicePool implements Served<BarePool> {
  readonly #storage: ObjectStorage;
  #memory: Memory | undefined;
  /** Until when whoever was given events last is waited for. */
  #toldBy = -Infinity;

  constructor(storage: ObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
  }

  resolve(
    caused: Caused,
    { offers, query, selectionId, dryRun }: ResolveRequest,
    now: number,
  ): Answered<ProviderChoice> {
    const choice = selectProvider(offers, this.#state, query, now);
    if (dryRun) return { value: choice };
    return this.#telling(now, () => {
      this.#keepChoice(choice, query, selectionId, caused, now);
      if (this.#state.providers.size > offers.length + ENDED_STATES_MAX) this.#dropAllBut(offers);
      return choice;
    });
  }

  report(caused: Caused, reports: readonly ProviderReport[], now: number): Answered<ReportResult[]> {
    return this.#telling(now, () =>
      reports.map((report) => {
        const { selection, config } = report;
        const before = stateOf(this.#state, report);
        const after = afterReport(before, config, report, now);
        const counted =
          after !== before && (selection === undefined || this.#isFirstReport(selection.id, now));
        if (counted) {
          this.#keep(report, after);
          this.#tell(report, moveOf(before.breaker, after.breaker, config), caused, now);
        }
        return { counted, state: stateOf(this.#state, report) };
      }),
    );
  }

  check(caused: Caused, results: readonly CheckResult[], now: number): Answered<ProviderState[]> {
    return this.#telling(now, () =>
      results.map((result) => {
        const before = stateOf(this.#state, result);
        const after = afterCheck(before, result.config, result.failure, now);
        if (after.failedCheck !== before.failedCheck || result.failure !== null) this.#keep(result, after);
        this.#tell(result, moveOf(before.breaker, after.breaker, result.config), caused, now);
        return after;
      }),
    );
  }

  describe(registrations: readonly RegistrationRef[]): ProviderState[] {
    return registrations.map((registration) => stateOf(this.#state, registration));
  }

  reset(caused: Caused, registrations: readonly RegistrationRef[], now: number): Answered<void> {
    return this.#telling(now, () => {
      for (const registration of registrations) {
        const before = stateOf(this.#state, registration);
        this.#keep(registration, afterReset(before));
        this.#tell(registration, resetOf(before.breaker), caused, now);
      }
    });
  }

  override(
    caused: Caused,
    registration: RegistrationRef,
    handler: string,
    registered: Override,
    change: Partial<Override>,
    now: number,
  ): Answered<{ before: Override; after: Override }> {
    return this.#telling(now, () => {
      const state = stateOf(this.#state, registration);
      const before = { ...registered, ...state.overrides[handler] };
      const after = { ...before, ...change };
      this.#keep(registration, { ...state, overrides: { ...state.overrides, [handler]: after } });
      const { changes } = changesIn(new Map(Object.entries(before)), new Map(Object.entries(after)));
      this.#tell(registration, changes && { type: "override_set", handler, changes }, caused, now);
      return { before, after };
    });
  }

  restore(caused: Caused, overrides: readonly KeptOverride[], now: number): Answered<boolean[]> {
    return this.#telling(now, () =>
      overrides.map(({ handler, override, ...registration }) => {
        const state = stateOf(this.#state, registration);
        if (Object.hasOwn(state.overrides, handler)) return false;
        this.#keep(registration, { ...state, overrides: { ...state.overrides, [handler]: override } });
        const set = changesIn(new Map(), new Map(Object.entries(override)));
        this.#tell(registration, { type: "override_set", handler, ...set }, caused, now);
        return true;
      }),
    );
  }

  told(upTo: number, now: number): Untold | undefined {
    return this.#atomically(() => {
      this.#storage.sql.exec(SQL.forgetUntold, upTo);
      this.#state.hasUntold = undefined;
      this.#toldBy = -Infinity;
      return this.#handOut(now);
    });
  }

  selections(limit: number): SelectionRecord[] {
    return this.#storage.sql
      .exec<{ selection: string }>(SQL.latestSelections, limit)
      .toArray()
      .map(({ selection }) => JSON.parse(selection) as SelectionRecord);
  }

  /** What storage holds, read once, and again after a transaction failed. */
  get #state(): Memory {
    if (this.#memory) return this.#memory;
    const { sql } = this.#storage;
    const providers = sql.exec<{ key: string; state: string }>(SQL.readProviders);
    const cursors = sql.exec<{ key: string; position: string }>(SQL.readCursors);
    this.#memory = {
      providers: new Map([...providers].map(({ key, state }) => [key, parseState(state)])),
      cursors: new Map([...cursors].map(({ key, position }) => [key, JSON.parse(position) as Position])),
    };
    return this.#memory;
  }

  /** Does work in one transaction, and hands out what is to be told, if nobody is telling it. */
  #telling<T>(now: number, work: () => T): Answered<T> {
    return this.#atomically(() => {
      const value = work();
      const untold = this.#handOut(now);
      return { value, ...(untold && { untold }) };
    });
  }

  #handOut(now: number): Untold | undefined {
    if (this.#state.hasUntold === false || now < this.#toldBy) return undefined;
    const { sql } = this.#storage;
    const rows = sql.exec<{ number: number; event: string }>(SQL.readUntold, TOLD_AT_ONCE).toArray();
    const last = rows.at(-1);
    this.#state.hasUntold = last !== undefined;
    if (!last) return undefined;
    this.#toldBy = now + TELLING_MS;
    return { events: rows.map(({ event }) => JSON.parse(event) as PoolEvent), upTo: last.number };
  }

  #tell(
    { provider }: RegistrationRef,
    what: Omit<PoolEvent, "at" | "provider"> | undefined,
    caused: Caused,
    now: number,
  ): void {
    if (!what) return;
    const event: PoolEvent = { ...what, provider, at: now, ...caused };
    const { sql } = this.#storage;
    const { number } = sql.exec<{ number: number }>(SQL.addUntold, JSON.stringify(event)).one();
    sql.exec(SQL.forgetUntold, number - UNTOLD_MAX);
    this.#state.hasUntold = true;
  }

  #atomically<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#memory = undefined;
      throw error;
    }
  }

  #keepChoice(
    { chosen, rejected }: ProviderChoice,
    query: ProviderQuery,
    selectionId: string,
    caused: Caused,
    now: number,
  ): void {
    const { sql } = this.#storage;
    if (chosen) {
      const before = stateOf(this.#state, chosen.offer);
      const after = afterChoice(before, chosen.offer.config, selectionId, now);
      if (after !== before) {
        this.#keep(chosen.offer, after);
        this.#tell(chosen.offer, moveOf(before.breaker, after.breaker, chosen.offer.config), caused, now);
      }
      const cursor = cursorAfter(chosen);
      if (cursor) {
        this.#state.cursors.set(...cursor);
        sql.exec(SQL.writeCursor, cursor[0], JSON.stringify(cursor[1]));
      }
    }
    const selection: SelectionRecord = {
      selectionId,
      at: now,
      handler: query.handler ?? null,
      capabilities: query.capabilities,
      provider: chosen?.offer.provider ?? null,
      group: chosen?.group ?? null,
      scope: chosen?.scope ?? null,
      circuitState: chosen?.circuitState ?? null,
      rejected: rejected.slice(0, REASONS_KEPT_MAX),
    };
    const { number } = sql.exec<{ number: number }>(SQL.addSelection, JSON.stringify(selection)).one();
    sql.exec(SQL.forgetSelections, number - SELECTIONS_MAX);
  }

  #isFirstReport(selectionId: string, now: number): boolean {
    const { sql } = this.#storage;
    sql.exec(SQL.forgetReported, now - REPORTED_KEPT_MS);
    return sql.exec(SQL.addReported, selectionId, now).toArray().length > 0;
  }

  #keep(registration: RegistrationRef, state: ProviderState): void {
    const key = providerKey(registration);
    this.#state.providers.set(key, state);
    this.#storage.sql.exec(SQL.writeProvider, key, JSON.stringify(state));
  }

  #dropAllBut(registrations: readonly RegistrationRef[]): void {
    const kept = new Set(registrations.map(providerKey));
    for (const key of this.#state.providers.keys()) {
      if (kept.has(key)) continue;
      this.#state.providers.delete(key);
      this.#storage.sql.exec(SQL.deleteProvider, key);
    }
  }
}

/** States written before openings were counted have no number of them. */
function parseState(text: string): ProviderState {
  const state = JSON.parse(text) as ProviderState;
  return { ...state, breaker: { ...state.breaker, openings: state.breaker.openings ?? 0 } };
}
