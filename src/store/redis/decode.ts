import { RULES } from "../../core/kinds.ts";
import type { Document, Kind, Kinds, Mark } from "../../core/entry.ts";
import { readMark } from "../mark.ts";

export const parse = <T>(json: string | null | undefined): T | undefined =>
  json ? (JSON.parse(json) as T) : undefined;

function parseObject(json: string | null | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A document, or undefined where the JSON is not one: another program may have written it. */
export function readDocument<K extends Kind>(
  kind: K,
  json: string | null | undefined,
): Document<K> | undefined {
  const value = parseObject(json);
  const registration = value?.["registration"] as Partial<Kinds[K]["registration"]> | undefined;
  const sound =
    typeof value?.["fence"] === "string" &&
    typeof registration?.id === "string" &&
    RULES[kind].isSound(registration);
  return sound ? (value as unknown as Document<K>) : undefined;
}

/**
 * A lease, or null where its key is gone. A lease is alive as long as its key exists. Its `expiresAt` is not compared with
 * the clock here: a Worker whose clock is fast would reap live entries.
 */
export function readLease<K extends Kind>(
  kind: K,
  json: string | null | undefined,
): Kinds[K]["lease"] | null {
  const lease = parseObject(json) as Kinds[K]["lease"] | undefined;
  return lease && RULES[kind].isLease(lease) ? lease : null;
}

/** The mark of one registration, from the ledger's field of its id: `<fence> <mark>`, or the fence alone for unreachable. */
export function readLedger(value: string | null | undefined, fence: string): Mark | null {
  const [owner, ...mark] = value?.split(" ") ?? [];
  return owner === fence ? readMark(mark.join(" ")) : null;
}
