import type { Mark } from "../core/entry.ts";

/** A mark as both stores keep it: `unreachable`, or `lapsed <sinceMs> <untilMs>`. */
export const writeMark = (mark: Mark): string =>
  mark.state === "lapsed" ? `lapsed ${mark.sinceMs} ${mark.untilMs}` : mark.state;

export function readMark(text: string): Mark {
  const [state, since, until] = text.split(" ");
  return state === "lapsed"
    ? { state, sinceMs: Number(since), untilMs: Number(until) }
    : { state: "unreachable" };
}
