import { UsageError } from "./usage-error.ts";

/** From when on: an instant, ms since the Unix epoch, or after an event, by its cursor. */
export type Since = { at: number; cursor?: never } | { cursor: string; at?: never };

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `10m` is so long ago (s, m, h, d), `2026-11-26T17:00Z` an instant; anything else is a cursor, which the registry checks.
 *
 * @throws {UsageError} for what is no date but begins as one, and for a number without a unit
 */
export function readSince(text: string, now: number): Since {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (number !== undefined) return { at: now - Number(number) * UNITS_MS[unit!]! };
  if (!/^\d+(-|$)/.test(text)) return { cursor: text };
  const at = /^\d+$/.test(text) ? NaN : Date.parse(text);
  if (Number.isNaN(at)) throw new UsageError(`"${text}" is no time: such as 10m, or 2026-11-26T17:00:00Z`);
  return { at };
}
