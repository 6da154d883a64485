import type * as z from "zod";
import { isoTime } from "../../core/time.ts";
import type { Allowance, Reads } from "../../registry/recent-reads.ts";
import { param } from "./query.ts";

/** The parameters by which a caller allows an answer to be old, s. */
export const allowance = {
  max_stale: param.integer(0, 10).default(0),
  stale_if_error: param.integer(0, 300).default(0),
};

type Asked = z.infer<z.ZodObject<typeof allowance>>;

export const allowed = (query: Asked): Allowance => ({
  maxStaleMs: query.max_stale * 1000,
  staleIfErrorMs: query.stale_if_error * 1000,
});

/** The header that says how old an answer is, whole s. An answer that may not be old has none: `Age` means a cache (RFC 9111, 5.1). */
export const ageHeader = ({ max_stale, stale_if_error }: Asked, reads: Reads, now: number) =>
  max_stale === 0 && stale_if_error === 0 ? {} : { Age: String(Math.floor((now - reads.asOf()) / 1000)) };

/** What an answer says that is older than `max_stale` allows, because the store is out. */
export const staleShown = (reads: Reads) =>
  reads.isStale() ? { stale: true as const, as_of: isoTime(reads.asOf()) } : {};
