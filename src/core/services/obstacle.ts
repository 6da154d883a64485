import { circuitState, permits } from "./breaker.ts";
import { type Offer, providerName } from "./offers.ts";
import type { ProviderState } from "./provider-state.ts";

/** What a provider is looked at for. */
export const SELECTION_STAGES = [
  "handler",
  "caller",
  "capability",
  "liveness",
  "status",
  "health_check",
  "breaker",
  "probes",
] as const;

/** What is in a provider's way. */
export interface Obstacle {
  stage: (typeof SELECTION_STAGES)[number];
  /** One word for programs. */
  reason: string;
  /** The same for people; the text stays the same while the reason does. */
  detail: string;
}

/** Why a provider cannot be chosen at `now`, whatever is asked for; undefined when it can. */
export function obstacleTo(offer: Offer, state: ProviderState, now: number): Obstacle | undefined {
  if (offer.notSelectable) return offer.notSelectable;
  if (state.failedCheck !== null) {
    return { stage: "health_check", reason: "health_check_failed", detail: state.failedCheck };
  }
  const { config } = offer;
  switch (permits(state.breaker, config, now)) {
    case "permitted":
      return undefined;
    case "open":
      return {
        stage: "breaker",
        reason: "circuit_open",
        detail: `Circuit breaker '${providerName(offer)}' is open, service unavailable`,
      };
    case "probing":
      return {
        stage: "probes",
        reason: "probe_budget_spent",
        detail: `it is half open, and ${config.successThreshold} probes are out`,
      };
  }
}

/** Why a provider is not healthy; undefined when it is: it can be chosen at `now`, and its breaker is closed. */
export function whyUnhealthy(offer: Offer, state: ProviderState, now: number): Obstacle | undefined {
  const obstacle = obstacleTo(offer, state, now);
  if (obstacle || circuitState(state.breaker, offer.config, now) === "closed") return obstacle;
  const detail = `Circuit breaker '${providerName(offer)}' is half open until ${offer.config.successThreshold} probes succeed`;
  return { stage: "breaker", reason: "circuit_half_open", detail };
}
