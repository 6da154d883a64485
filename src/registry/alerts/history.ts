import type { HistoryPoint } from "../../store/store.ts";

/** Between two points that are kept, ms. */
export const STEP_MS = 900_000;
const KEPT_MS = 86_400_000;

/** The points of 24 h, and a new one where the last is 15 minutes old; none without a complete count of the agents. */
export function historyAfter(
  points: readonly HistoryPoint[],
  {
    at,
    byStatus,
    calls,
  }: Omit<HistoryPoint, "byStatus"> & { byStatus: HistoryPoint["byStatus"] | undefined },
): HistoryPoint[] {
  const kept = points.filter((point) => point.at > at - KEPT_MS && point.at <= at);
  const last = kept.at(-1);
  if (!byStatus || (last && at - last.at < STEP_MS)) return kept;
  return [...kept, { at, byStatus, calls }];
}
