import type { Entry, Kind, Ref } from "../../core/entry.ts";
import { termsOf } from "../../core/kinds.ts";
import { writeMark } from "../mark.ts";
import { ENDED_KEPT_MS } from "../store.ts";
import { fieldOf, type Keys, memberOf } from "./keys.ts";

/** The commands that commit.lua runs. Each names its key by its position in KEYS, so that every key is declared. */
export class Plan {
  readonly keys: string[] = [];
  readonly steps: (string | number)[][] = [];
  readonly #firstPosition: number;

  /** @param keysBefore how many KEYS the script takes before the plan's own */
  constructor(keysBefore: number) {
    this.#firstPosition = keysBefore + 1;
  }

  add(command: string, key: string, ...args: string[]): this {
    let at = this.keys.indexOf(key);
    if (at < 0) at = this.keys.push(key) - 1;
    this.steps.push([command, this.#firstPosition + at, ...args]);
    return this;
  }
}

const ledgerValue = <K extends Kind>(entry: Entry<K> | undefined): string | null =>
  entry?.mark ? `${entry.document.fence} ${writeMark(entry.mark)}` : null;

/** 96 random bits. */
const newStamp = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12))));

/** Adds the commands that turn the entry `before` into `after`: only what differs is written. */
export function planChange<K extends Kind>(
  plan: Plan,
  keys: Keys,
  ref: Ref<K>,
  before: Entry<K> | undefined,
  after: Entry<K> | undefined,
  ended: string | undefined,
  now: number,
): Plan {
  const oldFence = before?.document.fence;
  const newFence = after?.document.fence;
  const sameEpoch = oldFence === newFence;

  const field = fieldOf(ref);
  // First, because a full Redis lets a script go on whose first write frees.
  if (!after) plan.add("DEL", keys.document(ref)).add("HDEL", keys.stamps, field);
  else if (after.document !== before?.document) {
    plan
      .add("SET", keys.document(ref), JSON.stringify(after.document))
      .add("HSET", keys.stamps, field, newStamp());
  }

  const keepsLease = sameEpoch && (after?.lease || !before?.lease);
  if (oldFence !== undefined && !keepsLease) plan.add("DEL", keys.lease(ref, oldFence));
  if (after?.lease && after.lease !== before?.lease) {
    const { expiresAt } = after.lease;
    const end = expiresAt === null ? [] : ["PX", String(Math.max(1, expiresAt - now))];
    plan.add("SET", keys.lease(ref, after.document.fence), JSON.stringify(after.lease), ...end);
  }

  const oldTerms = before ? termsOf(ref.kind, before.document) : [];
  const newTerms = after ? termsOf(ref.kind, after.document) : [];
  for (const term of oldTerms) {
    const kept = newTerms.includes(term);
    if (kept && sameEpoch) continue;
    plan.add("ZREM", keys.index(term), memberOf(ref.id, oldFence!));
    if (!kept) plan.add("UNNAME", keys.index(term), term);
  }
  const added = newTerms.filter((term) => !oldTerms.includes(term));
  if (added.length > 0) plan.add("NAME", keys.termNames, ...added);
  for (const term of newTerms) {
    const kept = oldTerms.includes(term);
    if (kept && sameEpoch) continue;
    plan.add("ZADD", keys.index(term), "0", memberOf(ref.id, newFence!));
  }

  const directive = (entry: Entry<K> | undefined) => (entry?.draining ? entry.document.fence : null);
  for (const [hash, was, is] of [
    [keys.directives, directive(before), directive(after)],
    [keys.ledger, ledgerValue(before), ledgerValue(after)],
  ] as const) {
    if (is === was) continue;
    if (is === null) plan.add("HDEL", hash, field);
    else plan.add("HSET", hash, field, is);
  }
  if (ended !== undefined) plan.add("SET", keys.ended(ref), ended, "PX", String(ENDED_KEPT_MS));
  return plan;
}
