import type { Epoch } from "./gateway.ts";
import type { EpochRow } from "./schema.ts";

/**
 * Stands before the stored fence of a registration that was removed; no fence begins with it. `registered_at` is kept, so that
 * callers that know the removed registration get "stale".
 */
export const CLOSED = "closed ";

/** Whether the asker knows the stored registration, a later or an earlier one. */
export function compareEpoch(
  stored: EpochRow | undefined,
  { fence, registeredAt }: Epoch,
): "current" | "later" | "stale" {
  if (!stored) return "later";
  if (stored.fence === fence) return "current";
  const laterMs = registeredAt - stored.registered_at;
  // After a removal the next registration may be of the same ms; the removed one must not count as such.
  const isLater = stored.fence.startsWith(CLOSED)
    ? laterMs >= 0 && stored.fence !== CLOSED + fence
    : laterMs > 0;
  return isLater ? "later" : "stale";
}
