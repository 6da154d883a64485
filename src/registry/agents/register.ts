import type { RegistrationInput } from "../../core/agents/agent.ts";
import type { Asker } from "../../core/authority.ts";
import type { Ref, Region } from "../../core/entry.ts";
import { Problem, orThrow, invalid } from "../../core/problem.ts";
import {
  decideRegistration,
  leaseTerms,
  type Registered,
  termErrors,
} from "../../core/agents/registration.ts";
import { change } from "../../store/change.ts";
import { absent, type Store } from "../../store/store.ts";
import type { LeaseDefaults } from "../../core/agents/agent.ts";
import { fenceOf, type LeaseToken, leaseToken, mintSecret } from "../lease-token.ts";
import { refuseRepeats } from "./batch.ts";

export interface Newcomer {
  input: RegistrationInput;
  /** Sent along to renew; undefined to register or replace. */
  token: LeaseToken | undefined;
}

export interface Admitted extends Registered {
  id: string;
  leaseToken: string;
}

export interface Door {
  store: Store;
  config: { lease: LeaseDefaults };
  asker: Asker;
  region: Region | null;
  now: number;
}

/**
 * Registers agents, each on its own: a refusal of one is its result and stops no other. One read and one commit for as many
 * as a message carries; no read where every id is minted here.
 */
export async function registerAll(
  door: Door,
  newcomers: readonly Newcomer[],
): Promise<(Admitted | Problem)[]> {
  const { config } = door;
  const repeats = refuseRepeats(newcomers.map(({ input }) => input.id));
  const refused = newcomers.map(({ input }, index) => {
    const errors = termErrors(input, config.lease);
    return errors.length > 0 ? invalid(errors) : repeats[index];
  });
  const admitted = await admit(
    door,
    newcomers.filter((_, index) => !refused[index]),
  );
  return refused.map((problem) => problem ?? admitted.shift()!);
}

async function admit(door: Door, newcomers: readonly Newcomer[]): Promise<(Admitted | Problem)[]> {
  const { store, config, asker, region, now } = door;
  const prepared = await Promise.all(
    newcomers.map(async ({ input, token }) => {
      const random = mintSecret();
      const isStatic = leaseTerms(input, config.lease).intervalSeconds === null;
      const ref: Ref = { kind: "agent", id: input.id ?? crypto.randomUUID() };
      return { ref, input, token, random, mintedFence: await fenceOf(random, isStatic) };
    }),
  );
  const named = prepared.filter(({ input }) => input.id !== undefined).map(({ ref }) => ref);
  const read = named.length > 0 ? await store.read(named, now) : [];
  const snapshots = prepared.map(({ ref, input }) => (input.id === undefined ? absent(ref) : read.shift()!));

  const results = await change(
    store,
    snapshots,
    (entry, index) => {
      const { ref, input, token, mintedFence } = prepared[index]!;
      const lease = { defaults: config.lease, presentedFence: token?.fence, mintedFence };
      const request = { id: ref.id, input, asker, region, ...lease };
      return decideRegistration(entry, request, now);
    },
    now,
  );
  return results.map((result, index) => {
    if (result instanceof Problem) return result;
    const { ref, random, token } = prepared[index]!;
    const { ttl_seconds, heartbeat_interval_seconds } = result.entry.document.registration;
    const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
    const secret = result.outcome === "renewed" && token ? token.random : random;
    return { ...result, id: ref.id, leaseToken: leaseToken(terms, secret) };
  });
}

/** @throws {Problem} whatever refuses it */
export async function registerOne(door: Door, newcomer: Newcomer): Promise<Admitted> {
  const [result] = await registerAll(door, [newcomer]);
  return orThrow(result!);
}
