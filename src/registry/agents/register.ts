import type { RegistrationInput } from "../../core/agents/agent.ts";
import {
  decideRegistration,
  leaseTerms,
  type Registered,
  termErrors,
} from "../../core/agents/registration.ts";
import type { Asker } from "../../core/authority.ts";
import type { Ref, Region } from "../../core/entry.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { change } from "../../store/change.ts";
import { absent } from "../../store/store.ts";
import { refuseRepeats, unlessRefused } from "../batch.ts";
import { fenceOf, type LeaseToken, leaseToken, mintSecret } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";

/** An agent that asks to be registered. */
export interface NewAgent {
  input: RegistrationInput;
  /** Sent along to renew; undefined to register or replace. */
  token: LeaseToken | undefined;
  /** Where the request came from; null where the platform does not say. */
  region: Region | null;
}

export interface RegisteredAgent extends Registered {
  id: string;
  leaseToken: string;
}

/**
 * Registers, replaces or renews agents, each on its own: one that is refused stops no other. One read and one commit for as
 * many as a message carries; no read where every id is minted here.
 *
 * @returns per agent, or the Problem `invalid_request`, `forbidden`, `lease_lost`, `payload_too_large` or `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export function registerAll(
  namespace: Namespace,
  asker: Asker,
  agents: readonly NewAgent[],
  now: number,
): Promise<(RegisteredAgent | Problem)[]> {
  const distinct = refuseRepeats(agents, ({ input }) => input.id);
  const checked = agents.map(({ input }, index) => {
    const errors = termErrors(input, namespace.lease);
    return errors.length > 0 ? invalid(errors) : distinct[index]!;
  });
  return unlessRefused(checked, (accepted) => registerDistinct(namespace, asker, accepted, now));
}

/** `registerAll` for one agent. */
export async function register(
  namespace: Namespace,
  asker: Asker,
  agent: NewAgent,
  now: number,
): Promise<RegisteredAgent | Problem> {
  const [result] = await registerAll(namespace, asker, [agent], now);
  return result!;
}

async function registerDistinct(
  { store, lease: defaults }: Namespace,
  asker: Asker,
  agents: readonly NewAgent[],
  now: number,
): Promise<(RegisteredAgent | Problem)[]> {
  const prepared = await Promise.all(
    agents.map(async ({ input, token, region }) => {
      const secret = mintSecret();
      const isStatic = leaseTerms(input, defaults).intervalSeconds === null;
      const ref: Ref = { kind: "agent", id: input.id ?? crypto.randomUUID() };
      return { ref, input, token, region, secret, mintedFence: await fenceOf(secret, isStatic) };
    }),
  );
  const named = prepared.filter(({ input }) => input.id !== undefined).map(({ ref }) => ref);
  const read = named.length > 0 ? await store.read(named, now) : [];
  const current = new Map(read.map((snapshot) => [snapshot.ref.id, snapshot]));

  const results = await change(
    store,
    prepared.map(({ ref }) => current.get(ref.id) ?? absent(ref)),
    (entry, index) => {
      const { ref, input, token, region, mintedFence } = prepared[index]!;
      const fences = { presentedFence: token?.fence, mintedFence };
      return decideRegistration(entry, { id: ref.id, input, asker, region, defaults, ...fences }, now);
    },
    now,
  );
  return results.map((result, index) => {
    if (result instanceof Problem) return result;
    const { ref, secret, token } = prepared[index]!;
    const { ttl_seconds, heartbeat_interval_seconds } = result.entry.document.registration;
    const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
    const valid = result.outcome === "renewed" && token ? token.random : secret;
    return { ...result, id: ref.id, leaseToken: leaseToken(terms, valid) };
  });
}
