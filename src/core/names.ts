import * as z from "zod";

// Names become parts of keys and of log lines, so they have no control character and no line break. UTF-8 has no lone surrogate.
const INVISIBLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** Text of 1 to `max` characters without control characters. */
export const label = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !INVISIBLE.test(text), "must not contain control characters");

/** The id of an entry, whatever its kind: an agent's id, a toolset's name. */
export const entryId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,255}$/,
    "must be 1 to 256 of A-Z a-z 0-9 . _ : / @ -, beginning with a letter or digit",
  );
