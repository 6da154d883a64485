/** The terms of one provider's circuit breaker. */
export interface BreakerConfig {
  /** Consecutive failures that open it. */
  failureThreshold: number;
  /** How long it stays open before it is half open. */
  recoveryTimeoutMs: number;
  /** While half open: successes that close it, and how many probes may be unreported at a time. */
  successThreshold: number;
  /** How long a call may take. A probe that is not reported by then no longer counts as unreported. */
  timeoutMs: number;
}

/** A call that was sent while the breaker was half open. */
export interface Probe {
  selectionId: string;
  /** ms since the Unix epoch */
  sentAt: number;
}

/** One provider's circuit breaker, as data; every rule is a function of it, its terms and `now`. */
export interface Breaker {
  /** null: closed. Else when it opened, in ms since the Unix epoch; whether it is half open by `now` is derived. */
  openedAt: number | null;
  /** Consecutive failures; while it is open or half open, those that opened it last. */
  failures: number;
  /** Successes since it became half open. */
  successes: number;
  probes: Probe[];
  /** How often it has opened: tells the selections made since it last did from the earlier ones. */
  openings: number;
}

export const CIRCUIT_STATES = ["closed", "open", "half_open"] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

export const closedBreaker = (): Breaker => ({
  openedAt: null,
  failures: 0,
  successes: 0,
  probes: [],
  openings: 0,
});

/** Half open from exactly `recoveryTimeoutMs` after it opened, without a timer or a call that would have to notice it. */
export function circuitState(breaker: Breaker, config: BreakerConfig, now: number): CircuitState {
  if (breaker.openedAt === null) return "closed";
  return now - breaker.openedAt >= config.recoveryTimeoutMs ? "half_open" : "open";
}

/** Probes that are not reported and were sent less than `timeoutMs` ago. */
export const probesOut = (breaker: Breaker, config: BreakerConfig, now: number): Probe[] =>
  breaker.probes.filter(({ sentAt }) => now - sentAt < config.timeoutMs);

/** "probing": half open, and as many probes are unreported as may be at a time. */
export type Permission = "permitted" | "open" | "probing";

/** Whether a call may be sent at `now`. */
export function permits(breaker: Breaker, config: BreakerConfig, now: number): Permission {
  switch (circuitState(breaker, config, now)) {
    case "closed":
      return "permitted";
    case "open":
      return "open";
    case "half_open":
      return probesOut(breaker, config, now).length < config.successThreshold ? "permitted" : "probing";
  }
}

/** The breaker after a call was sent: while half open, it counts the call as a probe. */
export function sendProbe(
  breaker: Breaker,
  config: BreakerConfig,
  selectionId: string,
  now: number,
): Breaker {
  if (circuitState(breaker, config, now) !== "half_open") return breaker;
  return { ...breaker, probes: [...probesOut(breaker, config, now), { selectionId, sentAt: now }] };
}

export interface CallEnd {
  success: boolean;
  /** The selection that the call came from; undefined: it came from none, as a health check does. */
  selectionId: string | undefined;
}

/** The breaker after a call that it believes. While it is open, no call changes it. */
export function recordCall(breaker: Breaker, config: BreakerConfig, call: CallEnd, now: number): Breaker {
  switch (circuitState(breaker, config, now)) {
    case "open":
      return breaker;
    case "closed": {
      const failures = call.success ? 0 : breaker.failures + 1;
      return failures < config.failureThreshold ? { ...breaker, failures } : opened(breaker, now);
    }
    case "half_open": {
      if (!call.success) return opened(breaker, now);
      const successes = breaker.successes + 1;
      if (successes >= config.successThreshold) return closed(breaker);
      const out = probesOut(breaker, config, now);
      return { ...breaker, successes, probes: without(call.selectionId, out) };
    }
  }
}

/** A call without a selection takes off the oldest probe, because one of them has ended. */
function without(selectionId: string | undefined, probes: Probe[]): Probe[] {
  if (selectionId === undefined) return probes.slice(1);
  const index = probes.findIndex((probe) => probe.selectionId === selectionId);
  return index < 0 ? probes : probes.toSpliced(index, 1);
}

const opened = ({ failures, openings }: Breaker, now: number): Breaker => ({
  openedAt: now,
  failures: failures + 1,
  successes: 0,
  probes: [],
  openings: openings + 1,
});

/** The breaker once it is closed, by successes or by an operator. */
export const closed = ({ openings }: Breaker): Breaker => ({ ...closedBreaker(), openings });
