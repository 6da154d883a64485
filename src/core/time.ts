/**
 * An instant as it goes over the wire: ISO 8601, UTC, in milliseconds.
 *
 * @param ms since the Unix epoch
 */
// oxlint-disable-next-line no-restricted-globals -- formats an instant that was passed in; reads no clock
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** The instant that a text of RFC 3339 says, ms since the Unix epoch. */
// oxlint-disable-next-line no-restricted-globals -- reads a text, and no clock
export const instantOf = (text: string): number => Date.parse(text);
