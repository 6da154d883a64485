import type { Document, Kind, Past } from "../core/entry.ts";
import type { LeaseTerms } from "../core/lease.ts";
import { leaseLost } from "../core/authority.ts";
import { Problem } from "../core/problem.ts";
import { endOf, type Issued, nextEpoch, successionOf, type Successor } from "../core/succession.ts";
import { derivedSecret, isUnder, type LeaseToken, leaseTokenOf, mintSecret } from "./lease-token.ts";

/** Who registers, and under which terms. */
export interface Claimant extends Omit<Successor, "presentedFence"> {
  kind: Kind;
  token: LeaseToken | undefined;
  /** The `Idempotency-Key`; undefined: what is registered cannot be repeated. */
  idempotencyKey: string | undefined;
  terms: LeaseTerms;
}

export interface IssuedToken extends Issued {
  text: string;
}

/**
 * The token of a registration. What it takes to make the same one again is in the request, so that a repetition of a
 * registration, or of a renewal under other terms, finds what the first one stored.
 *
 * @param clock  the store's, ms since the Unix epoch
 * @param notBefore  the epoch of a new registration is at least this
 * @returns or the Problem `lease_lost`, `forbidden` or `epoch_ahead`
 */
export async function issue(
  claimant: Claimant,
  stored: Document<Kind> | undefined,
  past: Past,
  clock: number,
  notBefore = 0,
): Promise<IssuedToken | Problem> {
  const { id, asker, token, terms } = claimant;
  const keyed = await keyedSecret(claimant);
  const following =
    token && (await derivedSecret("follows", token.text, terms.ttlSeconds, terms.intervalSeconds));

  const last = stored ? endOf(stored) : past.ended;
  // The holder of the current token says something new, even with the key that it registered with.
  if (last !== undefined && !(token && token.fence === stored?.fence)) {
    for (const secret of [keyed, following]) {
      if (secret === undefined) continue;
      const again = await leaseTokenOf(terms, Number.parseInt(last, 10), secret);
      if (again.fence !== last) continue;
      return stored ? { ...again, succession: "repeats" } : leaseLost(id);
    }
  }

  const succession = successionOf({ id, asker, presentedFence: token?.fence }, stored, past, clock);
  if (succession instanceof Problem) return succession;
  if (!token || succession === "anew") {
    const epoch = Math.max(notBefore, nextEpoch(clock, stored, past));
    return { ...(await leaseTokenOf(terms, epoch, keyed ?? mintSecret())), succession };
  }
  const { epoch = stored?.registeredAt ?? 0 } = token;
  // A toolset has no terms to say.
  if (claimant.kind === "toolset" || isUnder(token, terms)) return { ...token, epoch, succession };
  return { ...(await leaseTokenOf(terms, epoch + 1, following!)), succession };
}

async function keyedSecret({ kind, id, asker, idempotencyKey }: Claimant): Promise<string | undefined> {
  if (idempotencyKey === undefined) return undefined;
  return derivedSecret("registers", asker.namespace, asker.name, kind, id, idempotencyKey);
}
