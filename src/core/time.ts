/**
 * An instant as it goes over the wire: ISO 8601, UTC, in milliseconds.
 *
 * @param ms since the Unix epoch
 */
// oxlint-disable-next-line no-restricted-globals -- formats an instant that was passed in; reads no clock
export const isoTime = (ms: number): string => new Date(ms).toISOString();
