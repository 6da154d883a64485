import type { Event, EventType } from "./event.ts";
import { firstOf } from "./order.ts";

/** What may be wrong, the worst first. */
export const ALERT_CODES = [
  "agents_unreachable",
  "recovering",
  "service_unusable",
  "capability_unavailable",
  "queue_full",
  "toolset_unhealthy",
  "breaker_open",
  "quota_near",
] as const;
export type AlertCode = (typeof ALERT_CODES)[number];

export const ALERT_KINDS = ["namespace", "service", "capability", "toolset"] as const;
/** `critical`: somebody's requests fail now; `warning`: they may soon. */
export const SEVERITIES = ["critical", "warning"] as const;

/** Something that is wrong. Of one code, kind, id and provider there is one at a time. */
export interface Trouble {
  code: AlertCode;
  severity: (typeof SEVERITIES)[number];
  kind: (typeof ALERT_KINDS)[number];
  /** The name of the service, capability or toolset; of the limit that is near; else "". */
  id: string;
  /** The agent whose breaker is open. */
  provider?: string;
  /** For people, one sentence. */
  detail: string;
  /** Of agents, calls or whatever the limit bounds. */
  count?: number;
}

/** Trouble, and since when it has been found each time. */
export interface Alert extends Trouble {
  /** ms since the Unix epoch */
  since: number;
}

/** How many are kept, the worst. */
export const ALERTS_MAX = 100;

const nameOf = ({ code, kind, id, provider }: Trouble): string => JSON.stringify([code, kind, id, provider]);

const rankOf = ({ severity, code }: Trouble): number =>
  SEVERITIES.indexOf(severity) * ALERT_CODES.length + ALERT_CODES.indexOf(code);

/** The worst of what was found now: what was there before keeps its time, and comes first among its equals. */
export function alertsAfter(before: readonly Alert[], found: readonly Trouble[], now: number): Alert[] {
  const known = new Map(before.map((alert) => [nameOf(alert), alert.since]));
  const alerts = found.map((trouble): Alert => ({ ...trouble, since: known.get(nameOf(trouble)) ?? now }));
  return firstOf(alerts, ALERTS_MAX, (a, b) => rankOf(a) - rankOf(b) || a.since - b.since);
}

export interface AlertsChanged {
  raised: Alert[];
  cleared: Alert[];
}

/**
 * Which of the kept alerts are new, and which of those before are over: not those that only worse ones have pushed out.
 *
 * @param found  all that was found, of which `after` is the worst
 */
export function alertsChanged(
  before: readonly Alert[],
  found: readonly Trouble[],
  after: readonly Alert[],
): AlertsChanged {
  const were = new Set(before.map(nameOf));
  const are = new Set(found.map(nameOf));
  return {
    raised: after.filter((alert) => !were.has(nameOf(alert))),
    cleared: before.filter((alert) => !are.has(nameOf(alert))),
  };
}

/** The events that tell of alerts of these codes: when one is raised, and when it is cleared. */
const TOLD: Partial<Record<AlertCode, [raised: EventType, cleared: EventType]>> = {
  service_unusable: ["service_unusable", "service_usable"],
  capability_unavailable: ["capability_unavailable", "capability_available"],
  toolset_unhealthy: ["toolset_unhealthy", "toolset_healthy"],
};

/** What is told of alerts that were raised or cleared. */
export function alertEvents({ raised, cleared }: AlertsChanged, at: number): Event[] {
  const events = (alerts: readonly Alert[], which: 0 | 1) =>
    alerts.flatMap(({ code, kind, id, count }): Event[] => {
      const type = TOLD[code]?.[which];
      return type ? [{ type, kind, id, at, ...(which === 0 && count !== undefined && { count }) }] : [];
    });
  return [...events(raised, 0), ...events(cleared, 1)];
}
