import { type Asker, lacksScope, type Scope } from "../core/authority.ts";
import type { Namespace } from "../registry/namespace.ts";

/** What a client sees: its URL decides that, and its key. */
export interface Face {
  namespace: Namespace;
  asker: Asker;
  /** One toolset's tools, under their own names; null: those of all, and Rollcall's own. */
  toolset: string | null;
  /** Only tools of toolsets that have all of these. */
  tags: readonly string[];
  /** Lists only tools that can be called now. */
  healthyOnly: boolean;
  /** Lists Rollcall's own tools alone, by which all others are found and called. */
  findOnly: boolean;
}

/** @throws {Problem} `forbidden` */
export function requireScope({ asker }: Face, scope: Scope): void {
  const refused = lacksScope(asker, scope);
  if (refused) throw refused;
}
