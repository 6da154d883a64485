import type { EventRecord, SweepReport } from "../store/store.ts";
import type { Namespace } from "./namespace.ts";

/** The newest `limit` events, newest first. */
export const latestEvents = ({ store }: Namespace, limit: number): Promise<EventRecord[]> =>
  store.latest(limit);

/** What the last sweep found; undefined before the first. */
export const lastSweep = ({ store }: Namespace): Promise<SweepReport | undefined> => store.sweepReport();
