import type { ProviderChoice, ProviderQuery } from "../../src/core/services/choose.ts";
import type { Offer } from "../../src/core/services/offers.ts";
import type { Sql } from "../../src/durable/storage.ts";
import type { Event } from "../../src/core/event.ts";
import { storeUnavailable } from "../../src/core/problem.ts";
import type { BarePool, CheckResult, ProviderReport, ReportResult } from "../../src/pool/pool.ts";
import { tellingPool } from "../../src/registry/services/telling-pool.ts";
import { ANY, NOW } from "./offers.ts";

export interface ResolveOptions {
  query?: Partial<ProviderQuery>;
  id?: string;
  dryRun?: boolean;
  now?: number;
}
export interface ReportOptions extends Partial<ProviderReport> {
  now?: number;
  /** Proven, and made since the breaker last opened. */
  selectionId?: string | undefined;
}

/** A pool of its own for one test, and what is behind it. */
export interface ReachedPool {
  bare: BarePool;
  /** The object's host starts it anew. Like `inside`, for an object that has been called. */
  evict: () => Promise<void>;
  inside: <R>(work: (sql: Sql) => R) => Promise<R>;
}

/** The same in words that leave out what a test does not care for. */
export function openedPool(reached: ReachedPool) {
  const { bare } = reached;
  const told: Event[] = [];
  const outage = { isOut: false };
  const pool = tellingPool(
    bare,
    "llm",
    async (events) => {
      if (outage.isOut) throw storeUnavailable("tell", undefined);
      told.push(...events);
    },
    () => ({ actor: { type: "key", name: "operator" }, requestId: "request" }),
  );
  let selections = 0;
  const resolve = (offers: readonly Offer[], options: ResolveOptions = {}): Promise<ProviderChoice> => {
    const { query, id: selectionId = `s${(selections += 1)}`, dryRun = false, now = NOW } = options;
    return pool.resolve({ offers, query: { ...ANY, ...query }, selectionId, dryRun }, now);
  };
  const reportOf = ({ provider, fence, config }: Offer, rest: Partial<ProviderReport>): ProviderReport => ({
    provider,
    fence,
    config,
    selection: undefined,
    trusted: true,
    success: false,
    latencyMs: undefined,
    error: undefined,
    ...rest,
  });
  return {
    ...reached,
    pool,
    /** What is in the namespace's history, and whether that is out. */
    told,
    outage,
    resolve,
    /** The id of the chosen provider; undefined: there was none. */
    served: async (...args: Parameters<typeof resolve>) => {
      const { chosen } = await resolve(...args);
      return chosen?.offer.provider;
    },
    /** Tells of one call to `of`, which failed unless said otherwise. */
    report: async (of: Offer, options: ReportOptions = {}): Promise<ReportResult> => {
      const { now = NOW, selectionId, ...rest } = options;
      if (selectionId !== undefined) {
        const [state] = await pool.describe([of], NOW).catch(() => []);
        rest.selection = { id: selectionId, openings: state?.breaker.openings ?? 0 };
      }
      const [reported] = await pool.report([reportOf(of, rest)], now);
      return reported!;
    },
    check: ({ provider, fence, config }: Offer, failure: CheckResult["failure"]) =>
      pool.check([{ provider, fence, config, failure }], NOW),
  };
}
export type OpenedPool = ReturnType<typeof openedPool>;
export type OpenPool = () => OpenedPool;
