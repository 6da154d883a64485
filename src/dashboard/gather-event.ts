import { isoTime } from "../core/time.ts";
import type { latestEvents } from "../registry/events.ts";
import type { EventView } from "./view.ts";

type EventRecord = Awaited<ReturnType<typeof latestEvents>>[number];

export const eventView = ({ at, nonce: _, requestId: __, ...event }: EventRecord): EventView => ({
  ...event,
  at: isoTime(at),
});
