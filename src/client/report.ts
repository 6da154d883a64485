import type { Registration, ReportedStatus } from "./shapes.ts";

/** The bound of the registry. */
const LOAD_MAX = 1_000_000_000;

/** What a heartbeat reports. */
export interface Report {
  status: ReportedStatus;
  /** 0 to 1,000,000,000 */
  load: number;
  /** 0 to 1 */
  healthScore: number;
}

export function firstReport({
  status = "available",
  current_load: load = 0,
  health_score: healthScore = 1,
}: Registration): Report {
  return { status: status === "healthy" ? "available" : status, load, healthScore };
}

export const isChanged = (report: Report, reported: Report): boolean =>
  report.status !== reported.status ||
  report.load !== reported.load ||
  report.healthScore !== reported.healthScore;

/** @throws {RangeError} also for NaN */
export function checkReport({ load, healthScore }: Report): void {
  if (!(load >= 0 && load <= LOAD_MAX)) throw new RangeError(`load must be 0 to ${LOAD_MAX}, not ${load}`);
  if (!(healthScore >= 0 && healthScore <= 1))
    throw new RangeError(`healthScore must be 0 to 1, not ${healthScore}`);
}
