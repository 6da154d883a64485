/** Of a lease (lease.ts). */
interface Terms {
  ttlSeconds: number;
  intervalSeconds: number | null;
}

/**
 * How many times their interval agents are to wait between two heartbeats, so that a fleet sends at most `max` a second.
 *
 * @param perSecond  what it would send at the intervals that it registered with
 * @param max        0: as many as come
 * @returns at least 1; up to the next hundredth
 */
export const stretchFor = (perSecond: number, max: number): number =>
  max === 0 ? 1 : Math.max(1, Math.ceil((perSecond * 100) / max) / 100);

/** The interval to tell a holder, s: never more than half its TTL. A static entry has none. */
export const stretched = ({ ttlSeconds, intervalSeconds }: Terms, stretch: number): number | null =>
  intervalSeconds === null
    ? null
    : Math.max(intervalSeconds, Math.min(Math.ceil(intervalSeconds * stretch), Math.floor(ttlSeconds / 2)));
