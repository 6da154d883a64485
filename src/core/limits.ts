import * as z from "zod";
import type { Document, Kind } from "./entry.ts";
import { Problem } from "./problem.ts";

/** What may be limited, of a namespace and of one key's entries in it. */
export const LIMITED = ["agents", "toolsets", "terms", "bytes"] as const;
export type Limited = (typeof LIMITED)[number];

/** How much there is of each. */
export type Usage = Record<Limited, number>;

/** How much there may be of each. */
export interface Limits extends Usage {
  /** Of one entry: type, capabilities, tags and services. */
  entry_terms: number;
}

const bound = z.int().min(0).optional();

/** Some of the limits, as they are written down. */
export const someLimits = z.strictObject({
  agents: bound,
  toolsets: bound,
  terms: bound,
  bytes: bound,
  entry_terms: bound,
});
export type SomeLimits = z.infer<typeof someLimits>;

/** Those of `all` that `some` says nothing of, and the others as it says. */
export function limitsWith(all: Limits, some: SomeLimits): Limits {
  const limits = { ...all };
  for (const name of [...LIMITED, "entry_terms"] as const) limits[name] = some[name] ?? all[name];
  return limits;
}

/** What a change of one entry may not bring the counts beyond. */
export interface Quota {
  namespace: Limits;
  /** Of all entries of the same owner. */
  key: Limits;
}

/** A fleet of 100,000 fits into each. Terms are counted once, however many entries are under them, because reads list them. */
export const DEFAULT_QUOTA: Quota = {
  namespace: { agents: 250_000, toolsets: 10_000, terms: 50_000, bytes: 1_000_000_000, entry_terms: 1_000 },
  key: { agents: 200_000, toolsets: 5_000, terms: 25_000, bytes: 500_000_000, entry_terms: 1_000 },
};

const WORDS: Record<keyof Limits, string> = {
  agents: "agents",
  toolsets: "toolsets",
  terms: "different terms (types, capabilities, tags, services)",
  bytes: "bytes of registrations",
  entry_terms: "terms in one entry",
};

/**
 * The Problem `quota_exceeded`.
 *
 * @param owner  whose count it is; null: the namespace's
 * @param count  what there is, without what is refused
 */
export function quotaExceeded(
  limit: keyof Limits,
  owner: string | null,
  count: number,
  max: number,
): Problem {
  const whose = owner === null ? "This namespace" : `The key "${owner}"`;
  return new Problem("quota_exceeded", `${whose} has ${count} ${WORDS[limit]}, and may have ${max}.`, {
    quota: { limit, of: owner === null ? "namespace" : "key", count, max },
  });
}

/** By how much a change of one entry changes a count. */
export interface UsageChange {
  what: Exclude<Limited, "terms">;
  /** null: of the namespace */
  owner: string | null;
  by: number;
}

/** Terms are not among them: whether one is new only the store knows. */
export function usageChanges<K extends Kind>(
  kind: K,
  before: Document<K> | undefined,
  after: Document<K> | undefined,
): UsageChange[] {
  const sums = new Map<string, UsageChange>();
  const add = (document: Document<K> | undefined, sign: 1 | -1): void => {
    if (!document) return;
    const bytes = JSON.stringify(document).length;
    for (const owner of new Set([null, document.owner])) {
      for (const [what, by] of [
        [`${kind}s`, sign],
        ["bytes", sign * bytes],
      ] as const) {
        const key = `${what}:${owner ?? ""}`;
        const sum = sums.get(key) ?? { what, owner, by: 0 };
        sums.set(key, { ...sum, by: sum.by + by });
      }
    }
  };
  add(before, -1);
  add(after, 1);
  return [...sums.values()].filter(({ by }) => by !== 0);
}
