import { isStoreOut } from "../core/problem.ts";
import { Lru } from "../core/lru.ts";
import type { Namespace } from "../registry/namespace.ts";
import type { Filter, Overview } from "./view.ts";

/** How long an overview may be shown while the store is out, ms. */
const KEPT_MS = 300_000;
/** Rows of all overviews that an isolate keeps of one namespace. */
const ROWS_MAX = 20_000;

interface Kept {
  view: Overview;
  /** ms since the Unix epoch */
  at: number;
}

const byNamespace = new WeakMap<Namespace, Lru<Kept>>();

/**
 * The overview as `gather` finds it; where the store is out, the one that this isolate found last with the same filter, if that
 * was within 5 minutes, and says so.
 *
 * @throws {Problem} `store_unavailable` where there is none
 */
export async function overviewOrLast(
  namespace: Namespace,
  filter: Filter,
  now: number,
  gather: () => Promise<Overview>,
): Promise<Overview> {
  const kept = byNamespace.get(namespace) ?? new Lru<Kept>(ROWS_MAX);
  byNamespace.set(namespace, kept);
  const name = JSON.stringify(filter);
  try {
    const view = await gather();
    kept.set(name, { view, at: now }, 1 + view.rows.length);
    return view;
  } catch (error) {
    const last = kept.get(name);
    if (!isStoreOut(error) || !last || Math.abs(now - last.at) > KEPT_MS) throw error;
    return { ...last.view, stale: true };
  }
}
