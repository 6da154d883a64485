import { type Entry, isLive, type LiveEntry } from "../entry.ts";
import { effectiveState } from "../agents/liveness.ts";
import { asResort, LAPSED, type Resort } from "../agents/recovering.ts";
import { type Binding, breakerConfig, GLOBAL } from "./binding.ts";
import type { BreakerConfig } from "./breaker.ts";

/** One binding of one agent to the service that is asked for. */
export interface Offer {
  provider: string;
  fence: string;
  binding: Binding;
  /** The terms of the provider's breaker. */
  config: BreakerConfig;
  /** The binding's own list, or the agent's where it has none. */
  capabilities: readonly string[];
  /** Why it cannot be selected, what the pool knows aside: lapsed, unreachable, or a status other than available. */
  notSelectable: { stage: "liveness" | "status"; reason: string; detail: string } | null;
  /** It may be tried where nobody can be selected; null: it may not. */
  resort: Resort | null;
}

/** How answers and texts name a provider of a service. Its breaker has the same name, because a provider has one per service. */
export const providerName = ({ provider, binding }: Offer): string => `${binding.service}.${provider}`;

/** The same with the handler in front: one name per binding. */
export const offerName = (offer: Offer): string =>
  `${handlerName(offer.binding.handler)}.${providerName(offer)}`;

export const handlerName = (handler: string): string => (handler === GLOBAL ? "global" : handler);

/** The offers of one service among `entries`, one per binding; an agent without a lease has none. */
export const offersOf = (entries: readonly Entry[], service: string, now: number): Offer[] =>
  allOffersOf(entries.filter(isLive), service, now);

/** The same with those of lapsed agents, none of which can be selected. */
export function allOffersOf(entries: readonly Entry[], service: string, now: number): Offer[] {
  return entries.flatMap((entry) => {
    const { registration, fence } = entry.document;
    const notSelectable = isLive(entry)
      ? whyNotSelectable(entry, now)
      : { stage: "liveness" as const, ...LAPSED };
    const found = notSelectable && asResort(entry, now);
    const resort = found?.known.lease.status === "available" ? found.resort : null;
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
      resort,
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
