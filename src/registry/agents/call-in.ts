import {
  decideHeartbeat,
  type HeartbeatRequest,
  type HeartbeatResult,
  isComplete,
} from "../../core/agents/heartbeat.ts";
import type { ReportedStatus } from "../../core/agents/agent.ts";
import type { Asker } from "../../core/authority.ts";
import type { Ref } from "../../core/entry.ts";
import { leaseAt } from "../../core/lease.ts";
import { Problem } from "../../core/problem.ts";
import { change } from "../../store/change.ts";
import type { Renewal, Store } from "../../store/store.ts";
import { refuseRepeats, unlessRefused } from "../batch.ts";
import type { LeaseToken } from "../lease-token.ts";
import type { Namespace } from "../namespace.ts";

/** A heartbeat and the token that came with it. */
export type CallInRequest = Omit<HeartbeatRequest, "asker" | "fence" | "stretch"> & {
  token: LeaseToken | undefined;
};

type Result = HeartbeatResult | Problem;

/**
 * Takes a heartbeat. One that is complete and has a token is one command in one round trip. Any other is read, decided and
 * committed, in two; so is, after that one, a complete heartbeat that finds no lease. One of the older API that says no metadata
 * is read and renewed, in two that cost less.
 *
 * @returns or the Problem `agent_not_found`, `lease_lost`, `lease_token_required`, `forbidden`, `invalid_request`,
 * `payload_too_large` or `store_contended`
 * @throws {Problem} `store_unavailable`
 */
export async function callIn(
  { store }: Pick<Namespace, "store">,
  asker: Asker,
  request: CallInRequest,
  now: number,
): Promise<Result> {
  if (request.ownerSuffices && isOfLeaseAlone(request)) return renewAsRead(store, asker, request, now);
  if (!isRenewal(request)) return decideOne(store, asker, request, now);
  const [result] = await renewAll(store, asker, [request], now);
  return result!;
}

/**
 * Takes heartbeats, each on its own: one that is refused stops no other. The round trips are those of one heartbeat of each
 * kind.
 *
 * @returns per heartbeat, what `callIn` returns, or the Problem `invalid_request` for an id that came before
 * @throws {Problem} `store_unavailable`
 */
export function callInAll(
  { store }: Pick<Namespace, "store">,
  asker: Asker,
  requests: readonly CallInRequest[],
  now: number,
): Promise<Result[]> {
  return unlessRefused(
    refuseRepeats(requests, ({ id }) => id),
    async (distinct) => {
      const renewals = distinct.filter(isRenewal);
      const others = distinct.filter((request) => !isRenewal(request));
      const renewed = renewals.length > 0 ? await renewAll(store, asker, renewals, now) : [];
      const decided = others.length > 0 ? await decideAll(store, asker, others, now) : [];
      const results = new Map<string, Result>();
      renewals.forEach(({ id }, i) => results.set(id, renewed[i]!));
      others.forEach(({ id }, i) => results.set(id, decided[i]!));
      return distinct.map(({ id }) => results.get(id)!);
    },
  );
}

/** A heartbeat that says the whole state of the lease, with a token that says its terms: nothing need be read. */
interface RenewalRequest extends CallInRequest {
  input: { status: ReportedStatus; current_load: number };
  token: LeaseToken;
}

const isRenewal = (request: CallInRequest): request is RenewalRequest =>
  request.token !== undefined && isComplete(request.input);

const isOfLeaseAlone = ({ input }: CallInRequest): boolean =>
  input.metadata === undefined && input.health_score === undefined;

const refOf = ({ id }: { id: string }): Ref => ({ kind: "agent", id });

async function renewAll(
  store: Store,
  asker: Asker,
  requests: readonly RenewalRequest[],
  now: number,
): Promise<Result[]> {
  const renewals = requests.map((request) => renewalOf(request, store.stretch(), now));
  const answers = await store.renew(renewals, now);
  const gone = requests.filter((_, i) => answers[i] === "gone");
  const decided = gone.length > 0 ? await decideAll(store, asker, gone, now) : [];
  const resultOf = new Map(gone.map(({ id }, i) => [id, decided[i]!]));
  return renewals.map(({ ref, lease }, i) => {
    const desired = answers[i]!;
    return desired === "gone" ? resultOf.get(ref.id)! : { lease, desired };
  });
}

function renewalOf({ id, input, token }: RenewalRequest, stretch: number, now: number): Renewal {
  const { fence, intervalSeconds, ttlSeconds } = token;
  return {
    ref: refOf({ id }),
    fence,
    lease: leaseAt(token, { status: input.status, currentLoad: input.current_load }, now, stretch),
    ttlMs: intervalSeconds === null ? null : ttlSeconds * 1000,
  };
}

/**
 * The state of the lease is replaced as it was read: of two heartbeats of one agent at the same instant the later wins, whole.
 */
async function renewAsRead(store: Store, asker: Asker, request: CallInRequest, now: number): Promise<Result> {
  const ref = refOf(request);
  const held = await store.readHeld(ref, now);
  if (!held?.lease) return decideOne(store, asker, request, now);
  const { token, ...heartbeat } = request;
  const before = { ...held, draining: false, mark: null };
  const asked = { ...heartbeat, asker, fence: token?.fence, stretch: store.stretch() };
  const { result } = decideHeartbeat(before, {}, asked, now);
  if (result instanceof Problem) return result;
  const { lease } = result;
  const ttlMs = lease.expiresAt === null ? null : lease.expiresAt - now;
  const [desired] = await store.renew([{ ref, fence: held.document.fence, lease, ttlMs }], now);
  return desired === "gone" ? decideOne(store, asker, request, now) : { lease, desired: desired! };
}

async function decideOne(store: Store, asker: Asker, request: CallInRequest, now: number): Promise<Result> {
  const [result] = await decideAll(store, asker, [request], now);
  return result!;
}

async function decideAll(
  store: Store,
  asker: Asker,
  requests: readonly CallInRequest[],
  now: number,
): Promise<Result[]> {
  const stretch = store.stretch();
  return change(
    store,
    await store.read(requests.map(refOf), now, { near: true }),
    (entry, index, past) => {
      const { token, ...heartbeat } = requests[index]!;
      return decideHeartbeat(entry, past, { ...heartbeat, asker, fence: token?.fence, stretch }, now);
    },
    now,
  );
}
