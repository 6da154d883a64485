import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { effectiveState } from "../agents/liveness.ts";
import type { Offer } from "./choose.ts";
import { breakerConfig } from "./binding.ts";

/** Every offer of one service among `entries`, one per binding; an agent whose lease has lapsed offers nothing. */
export function offersOf(entries: readonly Entry[], service: string, now: number): Offer[] {
  return entries.filter(isLive).flatMap((entry) => {
    const { registration, fence } = entry.document;
    const notSelectable = whyNotSelectable(entry, now);
    const bindings = registration.services.filter((binding) => binding.service === service);
    // A provider has one breaker a service, so one of its bindings has to set its terms: the first.
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

/** What bars an agent from selection whatever any breaker says; null when nothing does. */
export function whyNotSelectable(entry: LiveEntry, now: number): Offer["notSelectable"] {
  const { status, reason } = effectiveState(entry, now);
  if (status === "available") return null;
  const detail = `status is ${status}${reason === null ? "" : ` (${reason})`}`;
  return { stage: status === "unreachable" ? "liveness" : "status", reason: status, detail };
}
