import type { KeyRequest } from "../client/index.ts";
import { UsageError } from "./usage-error.ts";

type Scope = KeyRequest["scopes"][number];
const SCOPES = Object.keys({ read: true, write: true, admin: true } satisfies Record<Scope, true>) as Scope[];

export const scopeOption = {
  type: "string",
  description: "read, write or admin; repeat it for several",
  required: true,
  values: SCOPES,
} as const;

/** @throws {UsageError} for what is no scope */
export function readScopes(words: readonly string[]): Scope[] {
  return [...new Set(words)].map((word) => {
    const scope = SCOPES.find((one) => one === word);
    if (!scope) throw new UsageError(`"${word}" is no scope: they are ${SCOPES.join(", ")}`);
    return scope;
  });
}
