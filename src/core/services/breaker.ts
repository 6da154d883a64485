/** One provider's circuit breaker, as data: every rule is a function of it, the config and `now`. */
export interface BreakerConfig {
  /** consecutive failures that open it */
  failureThreshold: number;
  /** how long it stays open */
  recoveryTimeoutMs: number;
  /** successes that close it, and how many probes may be out at a time while it is half open */
  successThreshold: number;
  /** how long a call may take; a probe not reported by then is given back */
  timeoutMs: number;
}

export interface Probe {
  selectionId: string;
  /** ms since the Unix epoch */
  sentAt: number;
}

export interface Breaker {
  /** null: closed. Else when it opened, ms since the Unix epoch; whether it is half open by now is derived. */
  openedAt: number | null;
  /** consecutive failures while closed */
  failures: number;
  /** successes since it became half open */
  successes: number;
  probes: Probe[];
}

export const CIRCUIT_STATES = ["closed", "open", "half_open"] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];

export const closedBreaker = (): Breaker => ({ openedAt: null, failures: 0, successes: 0, probes: [] });

/** Half open from exactly `recoveryTimeoutMs` after it opened; nobody has to come by for that (a cron, a caller). */
export function circuitState(breaker: Breaker, config: BreakerConfig, now: number): CircuitState {
  if (breaker.openedAt === null) return "closed";
  return now - breaker.openedAt >= config.recoveryTimeoutMs ? "half_open" : "open";
}

/** Probes still out: one that was sent `timeoutMs` ago is given back at that instant. */
export const probesOut = (breaker: Breaker, config: BreakerConfig, now: number): Probe[] =>
  breaker.probes.filter(({ sentAt }) => now - sentAt < config.timeoutMs);

export type Admission = "admitted" | "open" | "probing";

/** Whether a call may go through now. */
export function admits(breaker: Breaker, config: BreakerConfig, now: number): Admission {
  switch (circuitState(breaker, config, now)) {
    case "closed":
      return "admitted";
    case "open":
      return "open";
    case "half_open":
      return probesOut(breaker, config, now).length < config.successThreshold ? "admitted" : "probing";
  }
}

/** Takes note of a call that was let through; only a half-open breaker cares. */
export function sendProbe(
  breaker: Breaker,
  config: BreakerConfig,
  selectionId: string,
  now: number,
): Breaker {
  if (circuitState(breaker, config, now) !== "half_open") return breaker;
  return { ...breaker, probes: [...probesOut(breaker, config, now), { selectionId, sentAt: now }] };
}

export interface CallReport {
  success: boolean;
  /** Which call it was, if its reporter knows. */
  selectionId: string | undefined;
}

/**
 * The breaker after a call was reported. While open nothing counts: a late failure would only prolong the outage, and a
 * late success says nothing about now.
 */
export function afterOutcome(
  breaker: Breaker,
  config: BreakerConfig,
  report: CallReport,
  now: number,
): Breaker {
  switch (circuitState(breaker, config, now)) {
    case "open":
      return breaker;
    case "closed": {
      const failures = report.success ? 0 : breaker.failures + 1;
      return failures < config.failureThreshold ? { ...breaker, failures } : opened(now);
    }
    case "half_open": {
      if (!report.success) return opened(now);
      const successes = breaker.successes + 1;
      if (successes >= config.successThreshold) return closedBreaker();
      const out = probesOut(breaker, config, now);
      // A report that does not say which call it was gives the oldest probe back: one call has ended, whichever.
      const named = out.findIndex(({ selectionId }) => selectionId === report.selectionId);
      return {
        ...breaker,
        successes,
        probes: out.toSpliced(
          named < 0 && report.selectionId === undefined ? 0 : named < 0 ? out.length : named,
          1,
        ),
      };
    }
  }
}

const opened = (now: number): Breaker => ({ openedAt: now, failures: 0, successes: 0, probes: [] });
