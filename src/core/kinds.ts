import { AGENT } from "./agents/kind.ts";
import type { Document, Kind } from "./entry.ts";
import type { KindRules } from "./kind.ts";
import { TOOLSET } from "./toolsets/kind.ts";

/** One row a kind. */
export const RULES: { readonly [K in Kind]: KindRules<K> } = { agent: AGENT, toolset: TOOLSET };

export const KINDS = Object.keys(RULES) as [Kind, ...Kind[]];

/** The index terms under which an entry is found; the kind's name is the first. */
export const termsOf = <K extends Kind>(kind: K, document: Document<K>): string[] =>
  RULES[kind].terms(document.registration);

/** Whether an entry is found under a term. */
export const hasTerm = <K extends Kind>(kind: K, document: Document<K>, term: string): boolean =>
  term === kind || RULES[kind].hasTerm(document.registration, term);

/** Which kind a term finds; undefined for a term that no kind has. */
export const kindOfTerm = (term: string): Kind | undefined =>
  KINDS.find((kind) => RULES[kind].ownsTerm(term));
