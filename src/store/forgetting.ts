/** What a history keeps: all that is of after `since`, but at most so many characters of events, as JSON. */
export interface EventsKept {
  /** ms since the Unix epoch */
  since: number;
  chars: number;
}

/** An event, as far as it says whether to keep it. */
export interface Probe {
  revision: number;
  /** ms since the Unix epoch */
  at: number;
  chars: number;
}

/** More than any event has: a history of so many that they fit at this size is not measured. */
const EVENT_CHARS_MAX = 1000;
const PROBES = 20;
/** How many are forgotten at once at most: Redis answers nobody meanwhile, and the next run goes on. */
const FORGOTTEN_MAX = 50_000;

/**
 * The revisions to look at before anything is forgotten, from the oldest to the newest, evenly; none where all is to be kept.
 */
export function revisionsToProbe(oldest: Probe, newest: Probe, kept: EventsKept): number[] {
  const span = newest.revision - oldest.revision;
  if (oldest.at >= kept.since && (span + 1) * EVENT_CHARS_MAX <= kept.chars) return [];
  const step = Math.max(1, Math.ceil(span / PROBES));
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => oldest.revision + i * step);
}

/**
 * The oldest revision to keep; the newest always is. Nothing goes that is younger than `since` unless there are too many
 * characters, which is reckoned from the probes. Of what is older, at most the last twentieth of the whole stays for the next run.
 *
 * @param probes  in the order of their revisions
 */
export function oldestToKeep(probes: readonly Probe[], newest: Probe, kept: EventsKept): number {
  const young = probes.findIndex(({ at }) => at >= kept.since);
  const lastOld = probes.at(young < 0 ? -1 : young - 1);
  const byTime = young === 0 || !lastOld ? 0 : lastOld.revision + 1;
  const chars = probes.reduce((sum, probe) => sum + probe.chars, 0);
  const byChars = newest.revision + 1 - Math.floor((kept.chars * probes.length) / Math.max(1, chars));
  const most = (probes[0]?.revision ?? 0) + FORGOTTEN_MAX;
  return Math.min(Math.max(byTime, byChars), most, newest.revision);
}
