import type { Kind, Kinds } from "./entry.ts";
import type { Problem } from "./problem.ts";

/** What the store and the registry need to know of one kind of entry; core/kinds.ts has a row for each. */
export interface KindRules<K extends Kind> {
  /**
   * The index terms under which a registration is found. The kind's own name comes first and finds all of the kind. Kinds
   * share the indexes, so no two kinds may have a term in common.
   */
  terms(registration: Kinds[K]["registration"]): string[];
  /** Whether `terms` includes `term`, without making the list: queries check this for every candidate. */
  hasTerm(registration: Kinds[K]["registration"], term: string): boolean;
  /** Whether a term can be one of this kind's. */
  ownsTerm(term: string): boolean;
  /** Whether a stored registration has what the rules rely on; another program may have written it. */
  isSound(registration: Partial<Kinds[K]["registration"]>): boolean;
  /** Whether a stored lease has what the rules rely on. */
  isLease(lease: Partial<Kinds[K]["lease"]>): boolean;
  /** The refusal where no entry of the kind has the id. */
  notFound(id: string): Problem;
}
