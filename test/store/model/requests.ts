import { registrationInput } from "../../../src/core/agents/agent.ts";
import type { Entry, Past } from "../../../src/core/entry.ts";
import type { Decision } from "../../../src/core/decision.ts";
import { leaseAt } from "../../../src/core/lease.ts";
import { Problem } from "../../../src/core/problem.ts";
import { decideRegistration, type Registered } from "../../../src/core/agents/registration.ts";
import type { Renewal } from "../../../src/store/store.ts";
import { ANYONE, DEFAULTS } from "../../support/entries.ts";
import { issuedFor } from "../../support/issued.ts";
import { ref } from "../conformance/opened.ts";

/** What a holder has in hand: its epoch, and the terms it calls in by. */
export interface Token {
  fence: string;
  ttlSeconds: number;
  intervalSeconds: number | null;
}

/** What a generated registration says. */
export interface Offer {
  capabilities: string[];
  ttl_seconds: number;
  heartbeat_interval_seconds: number | null;
}

/** What any of them may do, so that index and document can be compared term by term. */
export const CAPABILITIES = ["x", "y", "z"];
/** One begins another, and one begins another and its first fence. */
export const IDS = ["a", "a/b", "a:f1"];

export const registration =
  (id: string, offer: Offer, presented: Token | undefined, minted: string, now: number) =>
  (before: Entry | undefined, past: Past): Decision<Registered | Problem> => {
    const input = registrationInput.parse({ name: "agent", type: "worker", ...offer });
    const request = {
      id,
      input,
      asker: ANYONE,
      region: null,
      defaults: DEFAULTS,
    };
    const sameTerms =
      presented?.ttlSeconds === offer.ttl_seconds &&
      presented.intervalSeconds === offer.heartbeat_interval_seconds;
    const candidate = { id, asker: ANYONE, presentedFence: presented?.fence, minted, sameTerms };
    const issued = issuedFor(candidate, before?.document, past, now);
    if (issued instanceof Problem) return { result: issued };
    return decideRegistration(before, past, { ...request, issued }, now);
  };

export const tokenOf = ({ document: { fence, registration: terms } }: Entry): Token => ({
  fence,
  ttlSeconds: terms.ttl_seconds,
  intervalSeconds: terms.heartbeat_interval_seconds,
});

/** A heartbeat that says everything, as the HTTP layer makes it of a token. */
export const wholeBeat = (id: string, token: Token, currentLoad: number, now: number): Renewal => ({
  ref: ref(id),
  fence: token.fence,
  lease: leaseAt(token, { status: "busy", currentLoad }, now),
  ttlMs: token.intervalSeconds === null ? null : token.ttlSeconds * 1000,
});
