import type { Document, Kind } from "./entry.ts";
import { Problem } from "./problem.ts";

export const SCOPES = ["read", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks for an operation, whatever face the request came through. */
export interface Asker {
  /** The API key's name; null under open access, and where no key was needed. */
  name: string | null;
  scopes: readonly Scope[];
  namespace: string;
}

/** Scopes are granted one by one; only `admin` implies the others. */
export const hasScope = (asker: Asker, scope: Scope): boolean =>
  asker.scopes.includes(scope) || asker.scopes.includes("admin");

const isAdmin = (asker: Asker): boolean => asker.scopes.includes("admin");

/** What decides who may change an entry, whatever its kind. */
interface Ownership {
  document: Pick<Document<Kind>, "fence" | "owner"> & { registration: { id: string } };
}

/** Whether the entry was registered with the asker's key. An admin owns everything in the namespace. */
export const owns = (asker: Asker, entry: Ownership): boolean =>
  isAdmin(asker) || (asker.name !== null && asker.name === entry.document.owner);

export const leaseLost = (id: string): Problem =>
  new Problem(
    "lease_lost",
    `The lease token is not the current one of "${id}": the registration it was for has ended, or was replaced.`,
    { action: "register" },
  );

/**
 * Refuses an asker who may not register over the entry that has the id. A token that is sent must be the current one, so
 * that a superseded process learns of it. Without a token, only the owner and an admin may.
 *
 * @param current  the entry that has the id, lapsed or not; undefined: none has
 * @param presentedFence  of the token that was sent; undefined when none was
 * @returns undefined if the asker may, or the Problem `lease_lost` or `forbidden`
 */
export function refuseReplacement(
  asker: Asker,
  current: Ownership | undefined,
  id: string,
  presentedFence: string | undefined,
): Problem | undefined {
  if (presentedFence !== undefined) {
    return current?.document.fence === presentedFence ? undefined : leaseLost(id);
  }
  if (!current || owns(asker, current)) return undefined;
  return new Problem("forbidden", `"${id}" belongs to another key.`);
}

/**
 * Refuses an asker who may not change an entry. A token that is sent must be the current one, an admin's too: a stale
 * token means that the process behind it was replaced.
 *
 * @param fence  of the token that was sent; undefined when none was
 * @param ownerSuffices  the owner's key is enough without a token (directives, and the older API's routes)
 * @returns undefined if the asker may, or the Problem `lease_lost`, `lease_token_required` or `forbidden`
 */
export function refuseChange(
  asker: Asker,
  entry: Ownership,
  fence: string | undefined,
  ownerSuffices: boolean,
): Problem | undefined {
  const { id } = entry.document.registration;
  if (fence !== undefined) return fence === entry.document.fence ? undefined : leaseLost(id);
  if (isAdmin(asker)) return undefined;
  if (!ownerSuffices) {
    return new Problem(
      "lease_token_required",
      "Send the Lease-Token header that the registration answered with.",
    );
  }
  return owns(asker, entry) ? undefined : new Problem("forbidden", `"${id}" belongs to another key.`);
}
