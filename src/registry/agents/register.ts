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
import { type Claimant, issue } from "../issue.ts";
import { derivedSecret, type LeaseToken } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";

/** An agent that asks to be registered. */
export interface NewAgent {
  input: RegistrationInput;
  /** Sent along to renew or restore; undefined to register or replace. */
  token: LeaseToken | undefined;
  /** Makes a repetition find what the first one registered; undefined: it cannot be repeated. */
  idempotencyKey: string | undefined;
  /** Where the request came from; null where the platform does not say. */
  region: Region | null;
}

export interface RegisteredAgent extends Registered {
  id: string;
  leaseToken: string;
}

/**
 * Registers, replaces or renews agents, each on its own: one that is refused stops no other. One read and one commit for as
 * many as a message carries.
 *
 * @returns per agent, or the Problem `invalid_request`, `forbidden`, `lease_lost`, `epoch_ahead`, `payload_too_large` or
 * `store_contended`
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
    agents.map(async (agent): Promise<NewAgent & Claimant> => {
      const id = agent.input.id ?? (await mintId(asker, agent.idempotencyKey));
      // A token is of an id: of none that is made at random now.
      const token = isKnown(agent) ? agent.token : undefined;
      return { ...agent, token, kind: "agent", id, asker, terms: leaseTerms(agent.input, defaults) };
    }),
  );
  const refs = prepared.map(({ id }): Ref => ({ kind: "agent", id }));
  // Who has no token is new, as a rule. What is decided of an id that is presumed to be free is never a refusal that depends on
  // it: it is committed, and so corrected.
  const asked = refs.filter((_, index) => isKnown(prepared[index]!));
  const isNew = prepared.every(({ token }) => token === undefined);
  const { snapshots, clock } =
    (isNew && store.presume(asked, now)) || (await store.readWithClock(asked, now));
  const current = new Map(snapshots.map((snapshot) => [snapshot.ref.id, snapshot]));
  return change<RegisteredAgent | Problem, "agent">(
    store,
    refs.map((ref) => current.get(ref.id) ?? absent(ref)),
    async (entry, index, past) => {
      const agent = prepared[index]!;
      const issued = await issue(agent, entry?.document, past, clock);
      if (issued instanceof Problem) return { result: issued };
      const { id, input, region } = agent;
      const request = { id, input, asker, region, defaults, issued };
      const { result, ...decision } = decideRegistration(entry, past, request, now);
      if (result instanceof Problem) return { result };
      return { result: { ...result, id, leaseToken: issued.text }, ...decision };
    },
    now,
  );
}

/** Whether the store may have an agent of the id: of one that is made at random now it has none. */
const isKnown = ({ input, idempotencyKey }: NewAgent): boolean => (input.id ?? idempotencyKey) !== undefined;

/** An id for an agent that has none: at random, or the one that every repetition of its registration makes. */
async function mintId({ namespace, name }: Asker, idempotencyKey: string | undefined): Promise<string> {
  if (idempotencyKey === undefined) return crypto.randomUUID();
  return `agent-${await derivedSecret("names", namespace, name, idempotencyKey)}`;
}
