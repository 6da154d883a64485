import { RULES } from "../../core/kinds.ts";
import type { Document, Kind, Kinds } from "../../core/entry.ts";

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

/**
 * A document as we wrote it, or undefined: somebody else's hand may have been at work, and one broken entry must not hide
 * the others.
 */
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
 * A lease, or null when its key is gone. That the key is there is all that counts: were its `expiresAt` compared with the
 * clock of whoever reads, one Worker whose clock is fast could reap what lives.
 */
export function readLease<K extends Kind>(
  kind: K,
  json: string | null | undefined,
): Kinds[K]["lease"] | null {
  const lease = parseObject(json) as Kinds[K]["lease"] | undefined;
  return lease && RULES[kind].isLease(lease) ? lease : null;
}
