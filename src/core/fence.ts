import { byCodeUnit } from "./order.ts";

/**
 * What names a registration among all that have had its id, in order of time: `<epoch>-<hash>`. The epoch is the store's
 * clock when it was registered, ms since the Unix epoch; the hash is of its lease token, 128 bits as 22 characters of
 * base64url. Before epochs a fence was the hash alone.
 */
const FENCE = /^(\d+)-[\w-]{22}$/;

/** One spelling of a number: 0 to 2^53 - 1 in decimal, without zeros in front. */
export function readEpoch(text: string): number | undefined {
  const epoch = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(epoch) && String(epoch) === text ? epoch : undefined;
}

export const fenceOf = (epoch: number, hash: string): string => `${epoch}-${hash}`;

/** undefined: the fence is from before epochs */
export function epochIn(fence: string): number | undefined {
  const [, epoch] = FENCE.exec(fence) ?? [];
  return epoch === undefined ? undefined : readEpoch(epoch);
}

/** A registration, by what orders it. `registeredAt` is its epoch; a fence from before epochs has only this one. */
export interface Epoch {
  fence: string;
  /** ms since the Unix epoch */
  registeredAt: number;
}

/** Below 0 where `a` is older than `b`, above 0 where it is newer; of one epoch the order is that of the fences. */
export const compareEpochs = (a: Epoch, b: Epoch): number =>
  a.registeredAt - b.registeredAt || byCodeUnit(a.fence, b.fence);

/** `unknown`: a fence from before epochs that is not the stored one, so that nothing tells which came first. */
export type Standing = "older" | "same" | "newer" | "unknown";

/** How the registration that a token is of stands to the stored one. */
export function standingOf(presented: string, stored: Epoch): Standing {
  if (presented === stored.fence) return "same";
  const registeredAt = epochIn(presented);
  if (registeredAt === undefined) return "unknown";
  return compareEpochs({ fence: presented, registeredAt }, stored) < 0 ? "older" : "newer";
}
