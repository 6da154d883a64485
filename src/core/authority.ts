import type { Document, Kind, Past } from "./entry.ts";
import { type Epoch, epochIn, type Standing, standingOf } from "./fence.ts";
import { RULES } from "./kinds.ts";
import type { SomeLimits } from "./limits.ts";
import { Problem } from "./problem.ts";

export const SCOPES = ["read", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks for an operation, whatever face the request came through. */
export interface Asker {
  /** The API key's name; null under open access, and where no key was needed. */
  name: string | null;
  scopes: readonly Scope[];
  namespace: string;
  /** Of the key's entries, where they are not those of every key. */
  limits?: SomeLimits | undefined;
  /** Of a key that was made while running: its id, and when it ends, ms since the Unix epoch (null: by no date). */
  key?: { id: string; endsAt: number | null };
}

/** Scopes are granted one by one; only `admin` implies the others. */
export const hasScope = (asker: Asker, scope: Scope): boolean =>
  asker.scopes.includes(scope) || asker.scopes.includes("admin");

/** The Problem `forbidden` if the asker's key does not have the scope. */
export const lacksScope = (asker: Asker, scope: Scope): Problem | undefined =>
  hasScope(asker, scope)
    ? undefined
    : new Problem("forbidden", `This key does not have the scope "${scope}".`, { scope, asker });

const isAdmin = (asker: Asker): boolean => asker.scopes.includes("admin");

/** What decides who may change an entry, whatever its kind. */
interface Ownership {
  document: Epoch & Pick<Document<Kind>, "owner"> & { registration: { id: string } };
}

/** Whether the entry was registered with the asker's key. An admin owns everything in the namespace. */
export const owns = (asker: Asker, entry: Ownership): boolean =>
  isAdmin(asker) || (asker.name !== null && asker.name === entry.document.owner);

export const leaseLost = (id: string): Problem =>
  new Problem(
    "lease_lost",
    `The registration of "${id}" that the lease token is of has ended, or was replaced.`,
    {
      action: "stop",
    },
  );

/** Nothing newer is stored: the holder of a token may register with it, and restores its registration. */
export function notRegistered(kind: Kind, id: string): Problem {
  const { code, message } = RULES[kind].notFound(id);
  return new Problem(code, message, { action: "register" });
}

/** How a token stands to what is stored; `newer` where nothing is that it could be older than. */
export function standingIn(fence: string, stored: Epoch | undefined, { ended }: Past): Standing {
  if (stored) return standingOf(fence, stored);
  if (epochIn(fence) === undefined) return "unknown";
  return ended === undefined
    ? "newer"
    : standingOf(fence, { fence: ended, registeredAt: epochIn(ended) ?? 0 });
}

/** What a token's holder is told where no live entry has its fence. */
export function explainMissingLease(
  kind: Kind,
  id: string,
  fence: string | undefined,
  stored: Epoch | undefined,
  past: Past,
): Problem {
  const standing = fence === undefined ? "unknown" : standingIn(fence, stored, past);
  const isEnded = standing === "older" || (standing === "same" && !stored);
  return isEnded ? leaseLost(id) : notRegistered(kind, id);
}

/**
 * Refuses an asker who may not change a live entry. A token that is sent must be the current one, an admin's too: an older
 * one means that the process behind it was replaced, a newer one that the store has lost its registration.
 *
 * @param fence  of the token that was sent; undefined when none was
 * @param ownerSuffices  the owner's key is enough without a token (directives, and the older API's routes)
 * @returns undefined if the asker may, or the Problem `lease_lost`, the kind's "not found", `lease_token_required` or `forbidden`
 */
export function refuseChange(
  kind: Kind,
  asker: Asker,
  { document }: Ownership,
  fence: string | undefined,
  ownerSuffices: boolean,
): Problem | undefined {
  const { id } = document.registration;
  if (fence !== undefined) {
    return fence === document.fence ? undefined : explainMissingLease(kind, id, fence, document, {});
  }
  if (isAdmin(asker)) return undefined;
  if (!ownerSuffices) {
    return new Problem(
      "lease_token_required",
      "Send the Lease-Token header that the registration answered with.",
    );
  }
  return owns(asker, { document }) ? undefined : new Problem("forbidden", `"${id}" belongs to another key.`);
}
