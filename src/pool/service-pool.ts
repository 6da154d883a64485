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
  type CheckResult,
  type KeptOverride,
  type Pool,
  type ProviderReport,
  type ReportResult,
  type ResolveRequest,
  type SelectionRecord,
  SELECTIONS_MAX,
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
}

/**
 * The object behind one service's pool; pool.ts says what each method does, core/services holds the rules. There is one
 * object per service and no method waits, so each is atomic. Each change is written to storage before the method returns, so
 * the answers after an eviction are the same.
 */
export class ServicePool implements Served<Pool> {
  readonly #storage: ObjectStorage;
  #memory: Memory | undefined;

  constructor(storage: ObjectStorage) {
    migrate(storage, MIGRATIONS);
    this.#storage = storage;
  }

  resolve({ offers, query, selectionId, dryRun }: ResolveRequest, now: number): ProviderChoice {
    const choice = selectProvider(offers, this.#state, query, now);
    if (dryRun) return choice;
    return this.#atomically(() => {
      this.#keepChoice(choice, query, selectionId, now);
      if (this.#state.providers.size > offers.length + ENDED_STATES_MAX) this.#dropAllBut(offers);
      return choice;
    });
  }

  report(reports: readonly ProviderReport[], now: number): ReportResult[] {
    return this.#atomically(() =>
      reports.map((report) => {
        const { selection, config } = report;
        const before = stateOf(this.#state, report);
        const after = afterReport(before, config, report, now);
        const counted =
          after !== before && (selection === undefined || this.#isFirstReport(selection.id, now));
        if (counted) this.#keep(report, after);
        return { counted, state: stateOf(this.#state, report) };
      }),
    );
  }

  check(results: readonly CheckResult[], now: number): ProviderState[] {
    return this.#atomically(() =>
      results.map((result) => {
        const before = stateOf(this.#state, result);
        const after = afterCheck(before, result.config, result.failure, now);
        if (after.failedCheck !== before.failedCheck || result.failure !== null) this.#keep(result, after);
        return after;
      }),
    );
  }

  describe(registrations: readonly RegistrationRef[]): ProviderState[] {
    return registrations.map((registration) => stateOf(this.#state, registration));
  }

  reset(registrations: readonly RegistrationRef[]): void {
    this.#atomically(() => {
      for (const registration of registrations)
        this.#keep(registration, afterReset(stateOf(this.#state, registration)));
    });
  }

  override(
    registration: RegistrationRef,
    handler: string,
    registered: Override,
    change: Partial<Override>,
  ): { before: Override; after: Override } {
    return this.#atomically(() => {
      const state = stateOf(this.#state, registration);
      const before = { ...registered, ...state.overrides[handler] };
      const after = { ...before, ...change };
      this.#keep(registration, { ...state, overrides: { ...state.overrides, [handler]: after } });
      return { before, after };
    });
  }

  restore(overrides: readonly KeptOverride[]): boolean[] {
    return this.#atomically(() =>
      overrides.map(({ handler, override, ...registration }) => {
        const state = stateOf(this.#state, registration);
        if (Object.hasOwn(state.overrides, handler)) return false;
        this.#keep(registration, { ...state, overrides: { ...state.overrides, [handler]: override } });
        return true;
      }),
    );
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
    now: number,
  ): void {
    const { sql } = this.#storage;
    if (chosen) {
      const before = stateOf(this.#state, chosen.offer);
      const after = afterChoice(before, chosen.offer.config, selectionId, now);
      if (after !== before) this.#keep(chosen.offer, after);
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
