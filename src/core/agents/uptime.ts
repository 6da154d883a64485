import { ENDS, type Event, type EventType } from "../event.ts";

/** How far back it is looked, ms. */
export const UPTIME_WINDOW_MS = 86_400_000;

/** For how long an agent was reachable, of how long that is known, both ms. */
export interface Uptime {
  reachableMs: number;
  observedMs: number;
}

const REACHABLE: ReadonlySet<EventType> = new Set([
  "registered",
  "replaced",
  "renewed",
  "restored",
  "recovered",
]);
const UNREACHABLE: ReadonlySet<EventType> = new Set(["became_unreachable", "lapsed"]);
/** From a log that begins with one of these nothing is known of before, but it was heard then. */
const HEARD: ReadonlySet<EventType> = new Set(["status_changed", "amended"]);

/** "gone": it was unregistered or reaped, and is not observed until it is there again; undefined: nothing is known. */
type State = "reachable" | "unreachable" | "gone" | undefined;

/**
 * How reachable an agent was in the last 24 h, by its own events alone: whoever falls silent is unreachable from when a sweep
 * has told so. Nothing is known of the time before the oldest event, and nothing is asked of the time in which it was gone.
 *
 * @param log  newest first; instants that go back, as clocks differ, take no time
 * @param now  ms since the Unix epoch
 */
export function uptimeOf(
  log: readonly Pick<Event, "type" | "at">[],
  now: number,
  windowMs = UPTIME_WINDOW_MS,
): Uptime {
  const uptime = { reachableMs: 0, observedMs: 0 };
  let [state, since]: [State, number] = [undefined, now - windowMs];
  const pass = (to: number): void => {
    const ms = Math.max(0, Math.min(to, now) - since);
    if (state === "reachable") uptime.reachableMs += ms;
    if (state === "reachable" || state === "unreachable") uptime.observedMs += ms;
    since += ms;
  };
  for (const { type, at } of log.toReversed()) {
    pass(at);
    state = stateAfter(type, state);
  }
  pass(now);
  return uptime;
}

function stateAfter(type: EventType, state: State): State {
  if (REACHABLE.has(type)) return "reachable";
  if (UNREACHABLE.has(type)) return "unreachable";
  if (ENDS.has(type)) return "gone";
  return state ?? (HEARD.has(type) ? "reachable" : undefined);
}
