import { UsageError } from "./usage-error.ts";

/** From when on: an instant, ms since the Unix epoch, or after an event, by its cursor. */
export type Since = { at: number; cursor?: never } | { cursor: string; at?: never };

const UNITS_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const SPAN = /^(\d+(?:\.\d+)?)([smhd])$/;

/** How long `12h` is, ms. @throws {UsageError} */
export function readSpan(text: string): number {
  const [, number, unit] = SPAN.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`"${text}" is no span of time: such as 12h, or 90d`);
  return Number(number) * UNITS_MS[unit!]!;
}

/**
 * `10m` is so long ago (s, m, h, d), `2026-11-26T17:00Z` an instant. A cursor begins with a letter, and is the registry's to
 * check.
 *
 * @throws {UsageError} for what begins otherwise, and is neither
 */
export function readSince(text: string, now: number): Since {
  if (SPAN.test(text)) return { at: now - readSpan(text) };
  if (/^[a-z]/i.test(text)) return { cursor: text };
  const at = /^\d{4}-/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new UsageError(`"${text}" is no time: such as 10m, or 2026-11-26T17:00:00Z`);
  return { at };
}
