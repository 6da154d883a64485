import { TTL_SECONDS_MAX, TTL_SECONDS_MIN } from "../core/agent.ts";
import { sha256 } from "./digest.ts";

export interface LeaseTerms {
  ttlSeconds: number;
  /** null: static */
  intervalSeconds: number | null;
}

export interface LeaseToken extends LeaseTerms {
  fence: string;
}

const clamp = (value: number, min: number, max: number): number =>
  Number.isInteger(value) ? Math.min(max, Math.max(min, value)) : min;

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** Names the registration in keys, and gives nothing away: 128 bits of the digest of the token's random part. */
async function fenceOf(random: string): Promise<string> {
  return base64url((await sha256(random)).subarray(0, 16));
}

/** A fresh secret and the fence that goes with it. The secret is stored nowhere. */
export async function mintSecret(): Promise<{ random: string; fence: string }> {
  const random = base64url(crypto.getRandomValues(new Uint8Array(16)));
  return { random, fence: await fenceOf(random) };
}

/** The token says the terms, so that a heartbeat need not read them. */
export const leaseToken = ({ ttlSeconds, intervalSeconds }: LeaseTerms, random: string): string =>
  `${ttlSeconds}.${intervalSeconds ?? 0}.${random}`;

export const randomPart = (token: string): string => token.split(".").slice(2).join(".");

/**
 * Reads a token that somebody sent. It never fails: the terms are clamped to their bounds, because the sender could have
 * written anything, and a wrong random part gives a fence that no lease has.
 */
export async function readLeaseToken(token: string): Promise<LeaseToken> {
  const [ttl, interval] = token.split(".");
  const ttlSeconds = clamp(Number(ttl), TTL_SECONDS_MIN, TTL_SECONDS_MAX);
  return {
    ttlSeconds,
    intervalSeconds: interval === "0" ? null : clamp(Number(interval), 1, Math.floor(ttlSeconds / 2)),
    fence: await fenceOf(randomPart(token)),
  };
}
