import type { Document, Lease } from "../../core/entry.ts";

export const parse = <T>(json: string | null | undefined): T | undefined =>
  json ? (JSON.parse(json) as T) : undefined;

function parseObject(json: string | null | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(json);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const isList = (value: unknown): boolean => Array.isArray(value);

/**
 * A document as we wrote it, or undefined: somebody else's hand may have been at work, and one broken entry must not hide
 * the others. Looks at what the rules would stumble over, not at everything.
 */
export function readDocument(json: string | null | undefined): Document | undefined {
  const value = parseObject(json);
  const registration = value?.["registration"] as Partial<Document["registration"]> | undefined;
  const sound =
    typeof value?.["fence"] === "string" &&
    typeof registration?.id === "string" &&
    isList(registration.capabilities) &&
    isList(registration.tags) &&
    isList(registration.services);
  return sound ? (value as unknown as Document) : undefined;
}

/**
 * A lease, or null when its key is gone. That the key is there is all that counts: were its `expiresAt` compared with the
 * clock of whoever reads, one Worker whose clock is fast could reap what lives.
 */
export function readLease(json: string | null | undefined): Lease | null {
  const value = parseObject(json);
  return typeof value?.["lastSeenAt"] === "number" ? (value as unknown as Lease) : null;
}
