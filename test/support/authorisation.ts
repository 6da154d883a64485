import { bearer, type TestKey } from "./keys.ts";

/** A key each; `foreign` is an admin of another namespace. Keys hold one scope each, so a write key does not read. */
export const KEYS: TestKey[] = [
  { name: "reader", token: "key-read", scopes: ["read"] },
  { name: "robin", token: "key-owner", scopes: ["write"] },
  { name: "wren", token: "key-other", scopes: ["write"] },
  { name: "boss", token: "key-admin", scopes: ["admin"] },
  { name: "boss", token: "key-foreign", scopes: ["admin"], namespace: "elsewhere" },
];

export interface Row {
  title: string;
  method: string;
  path: string;
  /** By caller, the status and the code. */
  expected: Record<string, string>;
}

/** Reads a table of callers over requests, whose cells are statuses or keys of `codes`. */
export function readTable(table: string, codes: Record<string, string>): { callers: string[]; rows: Row[] } {
  const [head = "", ...lines] = table.trim().split("\n");
  const callers = head.trim().split(/\s+/);
  const rows = lines.map((line) => {
    const [, method = "", path = "", variant = "", cells = ""] =
      /^(\S+) (\S+)(?: \(([^)]+)\))?\s+(.+)$/.exec(line) ?? [];
    const answers = cells.split(/\s+/).map((cell, index) => [callers[index], codes[cell] ?? cell]);
    const title = `${method} ${path}${variant && ` (${variant})`}`;
    return { title, method, path, expected: Object.fromEntries(answers) as Record<string, string> };
  });
  return { callers, rows };
}

/** Part of a name, for an entry of this caller's own. */
export const labelOf = (caller: string): string => caller.replace("+", "-current").replace(/-$/, "-stale");

/** Takes a column's name apart: `+` adds the current lease token, `-` that of a registration that was replaced since. */
export function callerOf(caller: string, tokens: { current: string; stale: string }) {
  const who = caller.replace(/[+-]$/, "");
  const token = caller.endsWith("+") ? tokens.current : caller.endsWith("-") ? tokens.stale : undefined;
  const headers: Record<string, string> = {
    ...(who !== "none" && who !== "open" && bearer(`key-${who}`)),
    ...(token !== undefined && { "Lease-Token": token }),
  };
  return { who, token, headers };
}
