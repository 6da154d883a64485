import { type Asker, leaseLost, owns, standingIn } from "./authority.ts";
import type { Document, Kind, Past } from "./entry.ts";
import { epochIn } from "./fence.ts";
import { Problem } from "./problem.ts";

/** How far a token's epoch may be ahead of the store's clock: after a failover that clock may be another machine's. */
export const AHEAD_MAX_MS = 300_000;

/**
 * What a registration is to the one that is stored: `anew`, it begins an epoch of its own; `continues`, its token is the
 * stored one's; `restores`, its token is newer, so the store has lost it; `repeats`, it is what is stored already.
 */
export type Succession = "anew" | "continues" | "restores" | "repeats";

/** A token that was made for a registration, as the rules need it. */
export interface Issued {
  fence: string;
  /** ms since the Unix epoch, by the store's clock */
  epoch: number;
  succession: Succession;
}

type Stored = Pick<Document<Kind>, "fence" | "registeredAt" | "owner" | "registration"> | undefined;

export interface Successor {
  id: string;
  asker: Asker;
  /** The fence of the lease token that was sent; undefined when none was. */
  presentedFence: string | undefined;
}

/**
 * Decides what a registration is to the stored one, lapsed or not. The holder of the newest token has the id, whoever comes
 * first: an older one is told to stop. A token from before epochs that is not the stored one counts as none.
 *
 * @param clock  the store's, ms since the Unix epoch
 * @returns or the Problem `lease_lost`, `forbidden` for an id of another key's, or `epoch_ahead`
 */
export function successionOf(
  { id, asker, presentedFence }: Successor,
  stored: Stored,
  past: Past,
  clock: number,
): Exclude<Succession, "repeats"> | Problem {
  const standing = presentedFence === undefined ? "unknown" : standingIn(presentedFence, stored, past);
  if (standing === "same" && stored) return "continues";
  if (standing === "older" || standing === "same") return leaseLost(id);
  if (standing === "newer" && (epochIn(presentedFence ?? "") ?? 0) > clock + AHEAD_MAX_MS) {
    return new Problem("epoch_ahead", "The lease token is ahead of the store's clock: register without it.");
  }
  if (stored && !owns(asker, { document: stored })) {
    return new Problem("forbidden", `"${id}" belongs to another key.`);
  }
  return standing === "newer" ? "restores" : "anew";
}

/** The epoch of a new registration: later than any that the store knows under the id. */
export const nextEpoch = (clock: number, stored: Stored, { ended }: Past): number =>
  Math.max(clock, (stored?.registeredAt ?? -1) + 1, (ended === undefined ? -1 : (epochIn(ended) ?? -1)) + 1);

/** What an unregistration leaves: the fence, with the epoch in front where it is from before epochs. */
export const endOf = ({ fence, registeredAt }: Pick<Document<Kind>, "fence" | "registeredAt">): string =>
  epochIn(fence) === undefined ? `${registeredAt}-${fence}` : fence;
