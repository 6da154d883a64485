import type { Document, Kind } from "./entry.ts";
import { Problem } from "./problem.ts";

export const SCOPES = ["read", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is asking. Under open access `name` is null and every scope is held. */
export interface Caller {
  name: string | null;
  scopes: readonly Scope[];
  namespace: string;
}

/** Scopes are granted one by one; only `admin` implies the others. */
export const holds = (caller: Caller, scope: Scope): boolean =>
  caller.scopes.includes(scope) || caller.scopes.includes("admin");

const isAdmin = (caller: Caller): boolean => caller.scopes.includes("admin");
/** What authority is judged by, whatever the kind. */
interface Held {
  document: Pick<Document<Kind>, "fence" | "owner"> & { registration: { id: string } };
}

export const owns = (caller: Caller, entry: Held): boolean =>
  isAdmin(caller) || (caller.name !== null && caller.name === entry.document.owner);

export const leaseLost = (id: string): Problem =>
  new Problem(
    "lease_lost",
    `The lease token is not the current one of "${id}": the registration it was for has ended, or was replaced.`,
    {
      action: "register",
    },
  );

/**
 * Whether `caller` may register over what stands under the id. A lease token must be the current one, so that a superseded
 * process learns of it; without one it takes the owner or an admin.
 */
export function replacementRefusal(
  caller: Caller,
  current: Held | undefined,
  id: string,
  presentedFence: string | undefined,
): Problem | undefined {
  if (presentedFence !== undefined) {
    return current?.document.fence === presentedFence ? undefined : leaseLost(id);
  }
  if (!current || owns(caller, current)) return undefined;
  return new Problem("forbidden", `"${id}" is alive and belongs to another key.`);
}

export const agentNotFound = (id: string): Problem =>
  new Problem("agent_not_found", `No live agent has the id "${id}".`);

/**
 * Whether `caller` may change this live entry. A lease token, when given, must be the current one, whoever gives it: even
 * an admin's stale token means that the process behind it was replaced.
 *
 * @param fence        the presented token's; undefined when no token was presented
 * @param ownerMayToo  the owner's key is enough without a token (directives, and the older API's routes)
 */
export function refusal(
  caller: Caller,
  entry: Held,
  fence: string | undefined,
  ownerMayToo: boolean,
): Problem | undefined {
  const { id } = entry.document.registration;
  if (fence !== undefined) return fence === entry.document.fence ? undefined : leaseLost(id);
  if (isAdmin(caller)) return undefined;
  if (!ownerMayToo) {
    return new Problem(
      "lease_token_required",
      "Send the Lease-Token header that the registration answered with.",
    );
  }
  return owns(caller, entry) ? undefined : new Problem("forbidden", `"${id}" belongs to another key.`);
}
