import {
  decideHeartbeat,
  type HeartbeatRequest,
  type HeartbeatResult,
  isComplete,
  explainMissingLease,
} from "../../core/agents/heartbeat.ts";
import type { Ref } from "../../core/entry.ts";
import { leaseAt } from "../../core/lease.ts";
import { type Problem, orThrow } from "../../core/problem.ts";
import { change } from "../../store/change.ts";
import type { Store } from "../../store/store.ts";
import type { LeaseToken } from "../lease-token.ts";
import { refuseRepeats } from "./batch.ts";

/** A heartbeat and the token that came with it. */
export type CallInRequest = Omit<HeartbeatRequest, "fence"> & { token: LeaseToken | undefined };

const refOf = ({ id }: { id: string }): Ref => ({ kind: "agent", id });

/**
 * Takes heartbeats in, each on its own, and each agent's once. Those that say everything, with a token, are one command each and one round trip
 * together; the others are read, decided and committed, in two more.
 */
export async function callInAll(
  store: Store,
  beats: readonly CallInRequest[],
  now: number,
): Promise<(HeartbeatResult | Problem)[]> {
  const results: (HeartbeatResult | Problem | undefined)[] = refuseRepeats(beats.map(({ id }) => id));
  const renewals = beats.flatMap(({ id, input, token }, index) => {
    if (results[index] || !token || !isComplete(input)) return [];
    const lease = leaseAt(token, { status: input.status, currentLoad: input.current_load }, now);
    const ttlMs = token.intervalSeconds === null ? null : token.ttlSeconds * 1000;
    return [{ index, ref: refOf({ id }), fence: token.fence, lease, ttlMs }];
  });
  const renewed = renewals.length > 0 ? await store.renew(renewals, now) : [];
  const gone: number[] = [];
  renewals.forEach(({ index, lease }, i) => {
    const answer = renewed[i]!;
    if (answer === "gone") gone.push(index);
    else results[index] = { lease, desired: answer };
  });
  if (gone.length > 0) {
    const found = await store.read(
      gone.map((index) => refOf(beats[index]!)),
      now,
    );
    found.forEach(({ entry }, i) => (results[gone[i]!] = explainMissingLease(entry, beats[gone[i]!]!.id)));
  }

  const partial = beats.flatMap((_, index) => (results[index] ? [] : [index]));
  if (partial.length > 0) {
    const decided = await change(
      store,
      await store.read(
        partial.map((index) => refOf(beats[index]!)),
        now,
      ),
      (entry, i) => {
        const { token, ...beat } = beats[partial[i]!]!;
        return decideHeartbeat(entry, { ...beat, fence: token?.fence }, now);
      },
      now,
    );
    decided.forEach((result, i) => (results[partial[i]!] = result));
  }
  return results.map((result) => result!);
}

/** @throws {Problem} whatever refuses it */
export async function callIn(store: Store, beat: CallInRequest, now: number): Promise<HeartbeatResult> {
  const [result] = await callInAll(store, [beat], now);
  return orThrow(result!);
}
