import { createHash } from "node:crypto";

export const CALLERS = ["ann", "ben", "cat", "dan", "eve"] as const;
export type Holder = "provider" | "reader" | (typeof CALLERS)[number];

const HOLDERS: readonly Holder[] = ["provider", "reader", ...CALLERS];

export const keyOf = (holder: Holder): string => `key-of-${holder}`;

/** The text of the API_KEYS binding; all may call tools but the reader. */
export const API_KEYS = JSON.stringify(
  HOLDERS.map((name) => ({
    name,
    sha256: createHash("sha256").update(keyOf(name)).digest("hex"),
    scopes: name === "reader" ? ["read"] : ["read", "write"],
  })),
);
