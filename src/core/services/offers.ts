import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { effectiveState } from "../agents/liveness.ts";
import type { Offer } from "./choose.ts";
import { breakerConfig } from "./binding.ts";

/** The offers of one service among `entries`, one per binding; an agent without a lease has none. */
export function offersOf(entries: readonly Entry[], service: string, now: number): Offer[] {
  return entries.filter(isLive).flatMap((entry) => {
    const { registration, fence } = entry.document;
    const notSelectable = whyNotSelectable(entry, now);
    const bindings = registration.services.filter((binding) => binding.service === service);
    // A provider has one breaker per service; its first binding to the service sets the breaker's terms.
    const config = breakerConfig(bindings[0]);
    return bindings.map((binding) => ({
      provider: registration.id,
      fence,
      binding,
      config,
      capabilities: binding.capabilities ?? registration.capabilities.map(({ name }) => name),
      notSelectable,
    }));
  });
}

/** Why an agent cannot be selected, its breaker aside; null when it can. */
export function whyNotSelectable(entry: LiveEntry, now: number): Offer["notSelectable"] {
  const { status, reason } = effectiveState(entry, now);
  if (status === "available") return null;
  const detail = `status is ${status}${reason === null ? "" : ` (${reason})`}`;
  return { stage: status === "unreachable" ? "liveness" : "status", reason: status, detail };
}
