import * as z from "zod";

/** Parts that the answers of several subjects share. */

export const time = z.string().meta({ format: "date-time" });
export const count = z.int().min(0);
export const counts = z.record(z.string(), count);
export const json = z.record(z.string(), z.unknown());

/** How many of the examined agents have lapsed. */
export const lapsing = {
  lapsed: count,
  /** So many that they are expected back within an interval: the list may be short, or empty, for that reason alone. */
  recovering: z.literal(true).optional(),
};

/** One refused item of a batch. */
export const refusedItem = {
  error: z.string().optional(),
  code: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
  action: z.enum(["register", "stop"]).optional(),
  quota: z
    .strictObject({ limit: z.string(), of: z.enum(["namespace", "key"]), count, max: count })
    .optional(),
};

/** The store is out, and this is what was read of it last; `as_of` says when. */
export const staleness = { stale: z.literal(true).optional(), as_of: time.optional() };
