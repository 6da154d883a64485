import { TTL_SECONDS_MAX, TTL_SECONDS_MIN } from "../core/agents/agent.ts";
import type { LeaseTerms } from "../core/lease.ts";
import { Lru } from "../core/lru.ts";
import { sha256, toBase64url } from "./digest.ts";

export interface LeaseToken extends LeaseTerms {
  /** The secret part; a renewal's token has it again. */
  random: string;
  fence: string;
}

const clamp = (value: number, min: number, max: number): number =>
  Number.isInteger(value) ? Math.min(max, Math.max(min, value)) : min;

/**
 * Names the registration in keys, and gives nothing away: 128 bits of the digest of the token's random part. A static
 * token has another fence than one that has to call in, so neither can pass for the other and give a lease an end, or a
 * promise of none, that its registration did not.
 */
export async function fenceOf(random: string, isStatic: boolean): Promise<string> {
  return toBase64url((await sha256(isStatic ? `static.${random}` : random)).subarray(0, 16));
}

/** A fresh secret for a token; it is stored nowhere. */
export const mintSecret = (): string => toBase64url(crypto.getRandomValues(new Uint8Array(16)));

/** The token says the terms, so that a heartbeat need not read them. */
export const leaseToken = ({ ttlSeconds, intervalSeconds }: LeaseTerms, random: string): string =>
  `${ttlSeconds}.${intervalSeconds ?? 0}.${random}`;

/** Agents call in with the same token again and again: its digest is taken once. */
const RECENT_MAX = 10_000;
/** Longer than any that was minted. */
const RECENT_CHARS_MAX = 128;
const recent = new Lru<Promise<LeaseToken>>(RECENT_MAX);

/**
 * Reads a token that somebody sent. It never fails: the terms are clamped to their bounds, because the sender could have
 * written anything, and a wrong random part gives a fence that no lease has.
 */
export function readLeaseToken(token: string): Promise<LeaseToken> {
  const known = recent.get(token);
  if (known) return known;
  if (token.length > RECENT_CHARS_MAX) return parseLeaseToken(token);
  const read = parseLeaseToken(token);
  recent.set(token, read, 1);
  return read;
}

async function parseLeaseToken(token: string): Promise<LeaseToken> {
  const [ttl, interval, ...rest] = token.split(".");
  const random = rest.join(".");
  const ttlSeconds = clamp(Number(ttl), TTL_SECONDS_MIN, TTL_SECONDS_MAX);
  const isStatic = interval === "0";
  return {
    ttlSeconds,
    intervalSeconds: isStatic ? null : clamp(Number(interval), 1, Math.floor(ttlSeconds / 2)),
    random,
    fence: await fenceOf(random, isStatic),
  };
}
