import type { Mark } from "../core/entry.ts";

/** A mark as both stores keep it: `unreachable`, `reachable`, either with `<silentSince>`, or `lapsed <sinceMs> <untilMs>`. */
export const writeMark = (mark: Mark): string => {
  if (mark.state === "lapsed") return `lapsed ${mark.sinceMs} ${mark.untilMs}`;
  return mark.silentSince === undefined ? mark.state : `${mark.state} ${mark.silentSince}`;
};

export function readMark(text: string): Mark {
  const [state, since, until] = text.split(" ");
  if (state === "lapsed") return { state, sinceMs: Number(since), untilMs: Number(until) };
  return {
    state: state === "reachable" ? state : "unreachable",
    ...(since !== undefined && { silentSince: Number(since) }),
  };
}
