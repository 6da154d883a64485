import { TTL_SECONDS_MAX, TTL_SECONDS_MIN } from "../core/agents/agent.ts";
import type { LeaseTerms } from "../core/lease.ts";
import { Lru } from "../core/lru.ts";
import { sha256, toBase64url } from "./digest.ts";

/**
 * Proves that its sender made the registration, and states the terms of the lease, so that a heartbeat need not read them.
 * It travels as `<ttl>.<interval>.<random>`, in seconds, with interval 0 for static.
 */
export interface LeaseToken extends LeaseTerms {
  /** The secret part. It stays the same when the registration is renewed, even with other terms. */
  random: string;
  /** Names the registration in the store's keys. */
  fence: string;
}

const clamp = (value: number, min: number, max: number): number =>
  Number.isInteger(value) ? Math.min(max, Math.max(min, value)) : min;

/**
 * The fence of a token: 128 bits of the digest of its random part, which do not reveal the token. `isStatic` is
 * part of what is digested, so a token that was altered from static to heartbeating, or back, has a fence that no lease has.
 */
export async function fenceOf(random: string, isStatic: boolean): Promise<string> {
  return toBase64url((await sha256(isStatic ? `static.${random}` : random)).subarray(0, 16));
}

/** A new random part, 128 bits. It is stored nowhere. */
export const mintSecret = (): string => toBase64url(crypto.getRandomValues(new Uint8Array(16)));

/** A token as it travels. */
export const leaseToken = ({ ttlSeconds, intervalSeconds }: LeaseTerms, random: string): string =>
  `${ttlSeconds}.${intervalSeconds ?? 0}.${random}`;

/** How many tokens are kept parsed: agents send the same one with every heartbeat. */
const RECENT_MAX = 10_000;
/** Longer than any token that was minted. */
const RECENT_CHARS_MAX = 128;
const recent = new Lru<Promise<LeaseToken>>(RECENT_MAX);

/**
 * Reads a token that was sent. Never fails: the terms are clamped to their bounds, because a sender can write anything, and a
 * wrong random part gives a fence that no lease has.
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
