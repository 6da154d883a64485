import type { Entry, Kind } from "../../core/entry.ts";
import { type Limited, type Quota, usageChanges } from "../../core/limits.ts";
import type { Sql } from "../../durable/storage.ts";
import { SQL, type UsageRow } from "./schema.ts";

/** What a change was refused for: a count, without it, and what it may be. */
export interface Overrun {
  limit: Limited;
  /** null: the namespace's */
  owner: string | null;
  count: number;
  max: number;
}

/** What a change does to the counts. */
export interface Counted {
  sums: readonly { what: Limited; owner: string | null; by: number }[];
}

/** What the namespace has, and each owner's part of it, as it is written down along with every change. */
export class Usage {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * @param added  terms that the entry is now under
   * @returns what to `write` along with the change, or why it is refused
   */
  count(
    kind: Kind,
    before: Entry<Kind> | undefined,
    after: Entry<Kind> | undefined,
    added: readonly string[],
    quota: Quota | undefined,
  ): Counted | Overrun {
    const owner = after?.document.owner ?? null;
    const sums: { what: Limited; owner: string | null; by: number }[] = usageChanges(
      kind,
      before?.document,
      after?.document,
    );
    const news = added.length - this.#known(added);
    if (news > 0) {
      for (const whose of new Set([null, owner])) sums.push({ what: "terms", owner: whose, by: news });
    }
    if (quota) {
      for (const { what, owner: whose, by } of sums) {
        const max = whose === null ? quota.namespace[what] : whose === owner ? quota.key[what] : Infinity;
        const count = this.of(whose)[what];
        if (by > 0 && count + by > max) return { limit: what, owner: whose, count, max };
      }
    }
    return { sums };
  }

  write({ sums }: Counted): void {
    const byOwner = new Map<string, UsageRow>();
    for (const { what, owner, by } of sums) {
      const row = byOwner.get(owner ?? "") ?? { ...this.of(owner) };
      row[what] = Math.max(0, row[what] + by);
      byOwner.set(owner ?? "", row);
    }
    for (const [owner, { agents, toolsets, terms, bytes }] of byOwner)
      this.#sql.exec(SQL.writeUsage, owner, agents, toolsets, terms, bytes);
  }

  /** @param json  list of terms: those that no entry is under any more are nobody's */
  forgetEmpty(json: string): void {
    const gone = this.#sql.exec<{ owner: string | null; terms: number }>(SQL.emptyTerms, json).toArray();
    if (gone.length === 0) return;
    const sums = gone.flatMap(({ owner, terms }) =>
      [...new Set([null, owner])].map((whose) => ({ what: "terms" as const, owner: whose, by: -terms })),
    );
    this.write({ sums });
    this.#sql.exec(SQL.forgetEmpty, json);
  }

  #known(terms: readonly string[]): number {
    if (terms.length === 0) return 0;
    return this.#sql.exec(SQL.countUnder, JSON.stringify(terms)).toArray().length;
  }

  of(owner: string | null): UsageRow {
    const [row] = this.#sql.exec<UsageRow>(SQL.readUsage, owner ?? "").toArray();
    return row ?? { agents: 0, toolsets: 0, terms: 0, bytes: 0 };
  }
}
