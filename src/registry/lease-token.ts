import { TTL_SECONDS_MAX, TTL_SECONDS_MIN } from "../core/agents/agent.ts";
import { fenceOf, readEpoch } from "../core/fence.ts";
import type { LeaseTerms } from "../core/lease.ts";
import { Lru } from "../core/lru.ts";
import { sha256, toBase64url } from "./digest.ts";

/**
 * Proves that its sender made the registration, and states the terms of the lease, so that a heartbeat need not read them.
 * It travels as `<ttl>.<interval>.<epoch>.<random>`: in seconds, with interval 0 for static; the epoch in ms since the Unix
 * epoch; 128 random bits. Tokens from before epochs have three parts.
 */
export interface LeaseToken extends LeaseTerms {
  text: string;
  /** Names the registration in the store's keys: the epoch, and 128 bits of the digest of the whole token. */
  fence: string;
  /** undefined: from before epochs */
  epoch: number | undefined;
}

const clamp = (value: number, min: number, max: number): number =>
  Number.isInteger(value) ? Math.min(max, Math.max(min, value)) : min;

/** 128 bits of a digest, which do not reveal what was digested. */
const hashOf = async (text: string): Promise<string> => toBase64url((await sha256(text)).subarray(0, 16));

/** 128 bits that are the same for the same parts, and that nobody finds who lacks one of them. */
export const derivedSecret = (...parts: readonly (string | number | null)[]): Promise<string> =>
  hashOf(JSON.stringify(parts));

/** 128 random bits. They are stored nowhere. */
export const mintSecret = (): string => toBase64url(crypto.getRandomValues(new Uint8Array(16)));

const textOf = ({ ttlSeconds, intervalSeconds }: LeaseTerms, epoch: number, secret: string): string =>
  `${ttlSeconds}.${intervalSeconds ?? 0}.${epoch}.${secret}`;

/** Whether a token says these terms, in our spelling. */
export const isUnder = ({ text, epoch }: LeaseToken, terms: LeaseTerms): boolean =>
  epoch !== undefined && text.startsWith(textOf(terms, epoch, ""));

/** The token of a registration under these terms. */
export async function leaseTokenOf(
  terms: LeaseTerms,
  epoch: number,
  secret: string,
): Promise<LeaseToken & { epoch: number }> {
  const { ttlSeconds, intervalSeconds } = terms;
  const text = textOf(terms, epoch, secret);
  return { ttlSeconds, intervalSeconds, text, epoch, fence: fenceOf(epoch, await hashOf(text)) };
}

/** How many tokens are kept parsed: agents send the same one with every heartbeat. */
const RECENT_MAX = 10_000;
/** Longer than any token that was made. */
const RECENT_CHARS_MAX = 128;
const recent = new Lru<Promise<LeaseToken>>(RECENT_MAX);

/**
 * Reads a token that was sent. Never fails: a token that was not made here has a fence that no lease has. Its terms are
 * clamped to their bounds, because a sender can write anything.
 */
export function readLeaseToken(token: string): Promise<LeaseToken> {
  const known = recent.get(token);
  if (known) return known;
  if (token.length > RECENT_CHARS_MAX) return parseLeaseToken(token);
  const read = parseLeaseToken(token);
  recent.set(token, read, 1);
  return read;
}

async function parseLeaseToken(text: string): Promise<LeaseToken> {
  const [ttl, interval, third = "", ...rest] = text.split(".");
  const ttlSeconds = clamp(Number(ttl), TTL_SECONDS_MIN, TTL_SECONDS_MAX);
  const isStatic = interval === "0";
  const intervalSeconds = isStatic ? null : clamp(Number(interval), 1, Math.floor(ttlSeconds / 2));
  const epoch = rest.length === 1 ? readEpoch(third) : undefined;
  const fence =
    epoch === undefined
      ? await earlierFenceOf([third, ...rest].join("."), isStatic)
      : fenceOf(epoch, await hashOf(text));
  return { text, ttlSeconds, intervalSeconds, epoch, fence };
}

/** The fence of a token from before epochs: a hash of its random part, and of whether it is static. */
const earlierFenceOf = (random: string, isStatic: boolean): Promise<string> =>
  hashOf(isStatic ? `static.${random}` : random);
