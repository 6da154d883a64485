import type { RegistrationInput } from "../core/agent.ts";
import type { Caller } from "../core/authority.ts";
import type { Decision, Ref, Region } from "../core/entry.ts";
import { accept, Problem } from "../core/problem.ts";
import { decideRegistration, type Registered, termErrors } from "../core/registration.ts";
import { change } from "../store/change.ts";
import { absent, type Store } from "../store/store.ts";
import type { Config } from "../config.ts";
import { leaseToken, mintSecret, randomPart, readLeaseToken } from "./lease-token.ts";
import { invalid } from "./validate.ts";

export interface Newcomer {
  input: RegistrationInput;
  /** Sent along to renew; undefined to register or replace. */
  leaseToken: string | undefined;
}

export interface Admitted extends Registered {
  id: string;
  leaseToken: string;
}

export interface Door {
  store: Store;
  config: Config;
  caller: Caller;
  region: Region | null;
  now: number;
}

/**
 * Registers agents, each on its own: a refusal of one is its result and stops no other. Two round trips for all of them,
 * one where every id is minted here.
 */
export async function registerAll(
  door: Door,
  newcomers: readonly Newcomer[],
): Promise<(Admitted | Problem)[]> {
  const { store, config, caller, region, now } = door;
  const prepared = await Promise.all(
    newcomers.map(async ({ input, leaseToken: token }) => ({
      ref: { kind: "agent", id: input.id ?? crypto.randomUUID() } as Ref,
      input,
      errors: termErrors(input, config.lease),
      presented: token === undefined ? undefined : { token, ...(await readLeaseToken(token)) },
      minted: await mintSecret(),
    })),
  );
  const named = prepared.filter(({ input }) => input.id !== undefined).map(({ ref }) => ref);
  const read = named.length > 0 ? await store.read(named, now) : [];
  const snapshots = prepared.map(({ ref, input }) => (input.id === undefined ? absent(ref) : read.shift()!));

  const results = await change<Registered | Problem>(
    store,
    snapshots,
    (entry, index): Decision<Registered | Problem> => {
      const { ref, input, errors, presented, minted } = prepared[index]!;
      if (errors.length > 0) return { result: invalid(errors) };
      return decideRegistration(
        entry,
        {
          id: ref.id,
          input,
          caller,
          region,
          defaults: config.lease,
          presentedFence: presented?.fence,
          mintedFence: minted.fence,
        },
        now,
      );
    },
    now,
  );
  return results.map((result, index) => {
    if (result instanceof Problem) return result;
    const { ref, presented, minted } = prepared[index]!;
    const { ttl_seconds, heartbeat_interval_seconds } = result.entry.document.registration;
    const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
    const random = result.outcome === "renewed" && presented ? randomPart(presented.token) : minted.random;
    return { ...result, id: ref.id, leaseToken: leaseToken(terms, random) };
  });
}

/** @throws {Problem} whatever refuses it */
export async function registerOne(door: Door, newcomer: Newcomer): Promise<Admitted> {
  const [result] = await registerAll(door, [newcomer]);
  return accept(result!);
}
