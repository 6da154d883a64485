import { DurableObject } from "cloudflare:workers";
import type { BreakerConfig, CircuitState } from "../core/services/breaker.ts";
import {
  cursorAfter,
  type Offer,
  type Position,
  type Query,
  selectProvider,
  type ProviderChoice,
} from "../core/services/choose.ts";
import {
  afterCheck,
  afterReport,
  afterReset,
  afterServing,
  type Override,
  type ProviderState,
  providerKey,
  stateOf,
} from "../core/services/provider-state.ts";
import { migrate } from "../durable/migrate.ts";
import type { Served } from "../durable/served.ts";
import type { Pool } from "./pool.ts";
import { MIGRATIONS } from "./schema.ts";

const SELECTIONS_KEPT = 100;
const REASONS_KEPT = 100;
// A report is retried within minutes; after a day its selection may be forgotten.
const REPORTS_KEPT_MS = 86_400_000;
// States of registrations that ended are dropped once they are so many more than the living.
const ENDED_STATES_MAX = 100;

/** A registration of a provider, as keys name it. */
export interface Holder {
  provider: string;
  fence: string;
}

export interface ResolveRequest {
  offers: readonly Offer[];
  query: Query;
  selectionId: string;
  /** Decide, and move nothing. */
  dryRun: boolean;
}

export interface Report extends Holder {
  config: BreakerConfig;
  selectionId: string | undefined;
  success: boolean;
  latencyMs: number | undefined;
  error: string | undefined;
}

export interface Reported {
  /** false: this selection was reported before */
  counted: boolean;
  /** The provider as it is now. */
  state: ProviderState;
}

export interface Check extends Holder {
  config: BreakerConfig;
  /** What went wrong; null: it passed. */
  failure: string | null;
}

export interface KeptSelection {
  selectionId: string;
  at: number;
  handler: string | null;
  capabilities: readonly string[];
  provider: string | null;
  group: number | null;
  scope: string | null;
  circuitState: CircuitState | null;
  rejected: ProviderChoice["rejected"];
}

interface Memory {
  providers: Map<string, ProviderState>;
  cursors: Map<string, Position>;
}

/**
 * What one service's callers share: whose turn it is, who is broken, which probes are out. One object a service, so each
 * method is atomic; the rules are core/selection.ts and core/breaker.ts. Everything is written through, so that an
 * eviction changes no answer.
 */
export class ServicePool extends DurableObject implements Served<Pool> {
  readonly #sql: SqlStorage;
  #memory: Memory | undefined;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#sql = ctx.storage.sql;
  }

  /** Chooses a provider and, unless it is a dry run, counts it as served. */
  resolve({ offers, query, selectionId, dryRun }: ResolveRequest, now: number): ProviderChoice {
    const selection = selectProvider(offers, this.#pool, query, now);
    if (dryRun) return selection;
    return this.#atomically(() => {
      this.#serve(selection, query, selectionId, now);
      if (this.#pool.providers.size > offers.length + ENDED_STATES_MAX) this.#forgetAllBut(offers);
      return selection;
    });
  }

  report(reports: readonly Report[], now: number): Reported[] {
    return this.#atomically(() =>
      reports.map((report) => {
        const { selectionId, config } = report;
        const counted = selectionId === undefined || this.#isFirstReport(selectionId, now);
        if (counted) this.#keep(report, afterReport(stateOf(this.#pool, report), config, report, now));
        return { counted, state: stateOf(this.#pool, report) };
      }),
    );
  }

  /** Takes the results of health checks. */
  check(checks: readonly Check[], now: number): void {
    this.#atomically(() => {
      for (const check of checks) {
        const before = stateOf(this.#pool, check);
        const after = afterCheck(before, check.config, check.failure, now);
        if (after.failedCheck !== before.failedCheck || check.failure !== null) this.#keep(check, after);
      }
    });
  }

  /** What is known of each holder, in their order. */
  describe(holders: readonly Holder[]): ProviderState[] {
    return holders.map((holder) => stateOf(this.#pool, holder));
  }

  reset(holders: readonly Holder[]): void {
    this.#atomically(() => {
      for (const holder of holders) this.#keep(holder, afterReset(stateOf(this.#pool, holder)));
    });
  }

  /** Sets what holds for one binding, for as long as its registration lasts. */
  override(holder: Holder, handler: string, override: Override): void {
    this.#atomically(() => {
      const state = stateOf(this.#pool, holder);
      this.#keep(holder, { ...state, overrides: { ...state.overrides, [handler]: override } });
    });
  }

  /** The newest selections first, up to 100. */
  selections(limit: number): KeptSelection[] {
    return this.#sql
      .exec<{ selection: string }>("SELECT selection FROM selection ORDER BY number DESC LIMIT ?", limit)
      .toArray()
      .map(({ selection }) => JSON.parse(selection) as KeptSelection);
  }

  /** Read once, and again after a write failed: what is remembered is what is written. */
  get #pool(): Memory {
    if (this.#memory) return this.#memory;
    const providers = this.#sql.exec<{ key: string; state: string }>("SELECT key, state FROM provider");
    const cursors = this.#sql.exec<{ key: string; position: string }>("SELECT key, position FROM cursor");
    this.#memory = {
      providers: new Map([...providers].map(({ key, state }) => [key, JSON.parse(state) as ProviderState])),
      cursors: new Map([...cursors].map(({ key, position }) => [key, JSON.parse(position) as Position])),
    };
    return this.#memory;
  }

  #atomically<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#memory = undefined;
      throw error;
    }
  }

  #serve({ choice, rejected }: ProviderChoice, query: Query, selectionId: string, now: number): void {
    if (choice) {
      const before = stateOf(this.#pool, choice.offer);
      const after = afterServing(before, choice.offer.config, selectionId, now);
      if (after !== before) this.#keep(choice.offer, after);
      const cursor = cursorAfter(choice);
      if (cursor) {
        this.#pool.cursors.set(...cursor);
        this.#sql.exec(
          "INSERT OR REPLACE INTO cursor (key, position) VALUES (?, ?)",
          cursor[0],
          JSON.stringify(cursor[1]),
        );
      }
    }
    const kept: KeptSelection = {
      selectionId,
      at: now,
      handler: query.handler ?? null,
      capabilities: query.capabilities,
      provider: choice?.offer.provider ?? null,
      group: choice?.group ?? null,
      scope: choice?.scope ?? null,
      circuitState: choice?.circuitState ?? null,
      rejected: rejected.slice(0, REASONS_KEPT),
    };
    const { number } = this.#sql
      .exec<{ number: number }>(
        "INSERT INTO selection (selection) VALUES (?) RETURNING number",
        JSON.stringify(kept),
      )
      .one();
    this.#sql.exec("DELETE FROM selection WHERE number <= ?", number - SELECTIONS_KEPT);
  }

  #isFirstReport(selectionId: string, now: number): boolean {
    this.#sql.exec("DELETE FROM reported WHERE at < ?", now - REPORTS_KEPT_MS);
    return (
      this.#sql
        .exec("INSERT OR IGNORE INTO reported (selection_id, at) VALUES (?, ?) RETURNING 1", selectionId, now)
        .toArray().length > 0
    );
  }

  #keep(holder: Holder, state: ProviderState): void {
    const key = providerKey(holder);
    this.#pool.providers.set(key, state);
    this.#sql.exec("INSERT OR REPLACE INTO provider (key, state) VALUES (?, ?)", key, JSON.stringify(state));
  }

  #forgetAllBut(offers: readonly Offer[]): void {
    const living = new Set(offers.map(providerKey));
    for (const key of this.#pool.providers.keys()) {
      if (living.has(key)) continue;
      this.#pool.providers.delete(key);
      this.#sql.exec("DELETE FROM provider WHERE key = ?", key);
    }
  }
}
