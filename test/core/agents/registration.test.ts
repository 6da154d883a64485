import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  capabilityInput,
  DOCUMENT_BYTES_MAX,
  METADATA_BYTES_MAX,
  registrationInput,
  sizeBytes,
} from "../../../src/core/agents/agent.ts";
import { entryId } from "../../../src/core/names.ts";
import type { Asker } from "../../../src/core/authority.ts";
import type { Entry, LiveEntry, Past } from "../../../src/core/entry.ts";
import { termsOf } from "../../../src/core/kinds.ts";
import { Problem, orThrow } from "../../../src/core/problem.ts";
import { decideRegistration, termErrors } from "../../../src/core/agents/registration.ts";
import { anId, aRegistration } from "../../support/arbitraries.ts";
import { ANYONE, DEFAULTS, entryOf, UNREACHABLE } from "../../support/entries.ts";
import { fenceAt, issuedFor } from "../../support/issued.ts";

const NOW = Date.UTC(2026, 0, 1);
const LATER = NOW + 10_000;
const alice: Asker = { name: "alice", scopes: ["write"], namespace: "default" };
const bob: Asker = { name: "bob", scopes: ["write"], namespace: "default" };
const admin: Asker = { name: "root", scopes: ["admin"], namespace: "default" };

interface Attempt {
  token?: string;
  asker?: Asker;
  past?: Past;
}

/** A registration for the id "a" that finds `before`, made 10 s after what `entryOf(…, NOW)` gives. */
const attempt = (
  before: Entry | undefined,
  fields: Record<string, unknown>,
  { token, asker = ANYONE, past = {} }: Attempt,
) => {
  const candidate = { id: "a", asker, presentedFence: token, minted: "minted" };
  const issued = issuedFor(candidate, before?.document, past, LATER);
  if (issued instanceof Problem) return { result: issued, write: undefined };
  const input = registrationInput.parse({ name: "agent", type: "worker", ...fields });
  const request = { id: "a", input, asker, region: null, defaults: DEFAULTS, issued };
  return decideRegistration(before, past, request, LATER);
};

function admitted(before: Entry | undefined, fields: Record<string, unknown>, how: Attempt = {}) {
  const { result, write } = attempt(before, fields, how);
  const { entry, outcome } = orThrow(result);
  expect(write?.entry).toBe(entry);
  return { entry: entry as LiveEntry, outcome, event: write?.event };
}

describe("registering", () => {
  it("keeps the epoch, registered_at and the owner when renewed, and starts the term afresh [0-25, 4-05]", () => {
    fc.assert(
      fc.property(aRegistration(), aRegistration(), (first, second) => {
        fc.pre((first.heartbeat_interval_seconds === null) === (second.heartbeat_interval_seconds === null));
        const before = entryOf({ ...first, id: "a" }, NOW);
        const { entry, outcome, event } = admitted(before, second, { token: "fence" });
        const { fence, registeredAt, owner } = before.document;
        expect(entry.document).toMatchObject({ fence, registeredAt, owner });
        expect(entry.lease.lastSeenAt).toBe(LATER);
        expect(outcome).toBe("renewed");
        expect(event).toMatchObject({ type: "renewed", kind: "agent", id: "a", at: LATER });
      }),
    );
  });

  it("leaves, when renewed, the four fields of a heartbeat as they were unless said, and nothing else [0-27, 4-07]", () => {
    fc.assert(
      fc.property(aRegistration(), aRegistration(), (first, second) => {
        fc.pre((first.heartbeat_interval_seconds === null) === (second.heartbeat_interval_seconds === null));
        const before = entryOf({ ...first, id: "a" }, NOW);
        const renewed = admitted(before, second, { token: "fence" }).entry;
        const { health_score, metadata } = before.document.registration;
        const { status, currentLoad: current_load } = before.lease;
        const said = { status, current_load, health_score, metadata, ...second };
        const fresh = entryOf({ ...said, id: "a" }, LATER);
        expect(renewed.document.registration).toEqual(fresh.document.registration);
        expect(renewed.lease).toEqual(fresh.lease);
      }),
    );
  });

  it("starts a new epoch between static and calling in, even with the current token", () => {
    for (const [was, is] of [
      [null, 30],
      [30, null],
    ]) {
      const before = entryOf({ id: "a", heartbeat_interval_seconds: was }, NOW);
      const second = { name: "agent", type: "worker", heartbeat_interval_seconds: is };
      const { entry, outcome } = admitted(before, second, { token: "fence" });
      expect([outcome, entry.document.fence]).toEqual(["replaced", "fence"]);
    }
  });

  it("keeps nothing of what it replaces but the id and its drain [0-24, 0-25, 4-05]", () => {
    fc.assert(
      fc.property(aRegistration(), aRegistration(), (first, second) => {
        const before = { ...entryOf({ ...first, id: "a" }, NOW), draining: true, mark: UNREACHABLE };
        const { entry, outcome } = admitted(before, second);
        expect(outcome).toBe("replaced");
        const fresh = entryOf({ ...second, id: "a" }, LATER, fenceAt(LATER, "minted"));
        const document = { ...fresh.document, outcome };
        expect(entry).toEqual({ ...fresh, document, draining: true });
      }),
    );
  });

  it("does not heed the order of capabilities and tags for what an agent is found under [0-23]", () => {
    fc.assert(
      fc.property(aRegistration(), (fields) => {
        const { document } = entryOf({ ...fields, id: "a" }, NOW);
        const { registration } = document;
        const turned = {
          ...registration,
          capabilities: registration.capabilities.toReversed(),
          tags: registration.tags.toReversed(),
        };
        const terms = termsOf("agent", document);
        expect(termsOf("agent", { ...document, registration: turned }).toSorted()).toEqual(terms.toSorted());
        expect(new Set(terms).size).toBe(terms.length);
        expect(terms).toContain(`type:${registration.type}`);
      }),
    );
  });

  it("is a creation where the lease has lapsed, with nothing kept but the drain [2-29]", () => {
    const gone = { ...entryOf({ id: "a", status: "busy" }, NOW), lease: null, draining: true };
    const { entry, outcome, event } = admitted(gone, {});
    expect([outcome, event?.type, entry.draining]).toEqual(["created", "registered", true]);
    expect(entry.document).toMatchObject({ fence: fenceAt(LATER, "minted"), registeredAt: LATER });
    expect(entry.lease.status).toBe("available");
  });

  it("with a token older than what is stored, or has ended, is refused for good [2-06, 3-09]", () => {
    const older = fenceAt(NOW - 1, "older");
    const current = entryOf({ id: "a" }, NOW, fenceAt(NOW, "current"));
    for (const [before, past] of [
      [current, {}],
      [{ ...current, lease: null }, {}],
      [undefined, { ended: fenceAt(NOW, "ended") }],
      [undefined, { ended: older }],
    ] as const) {
      for (const asker of [ANYONE, admin]) {
        const { result, write } = attempt(before, {}, { token: older, asker, past });
        expect(result).toMatchObject({ code: "lease_lost", options: { action: "stop" } });
        expect(write).toBeUndefined();
      }
    }
  });

  it("with a token newer than what is stored, or where nothing is, restores that very registration", () => {
    const newer = fenceAt(NOW + 1, "newer");
    for (const [before, past] of [
      [entryOf({ id: "a" }, NOW, fenceAt(NOW, "older")), {}],
      [entryOf({ id: "a" }, NOW, "0123456789abcdefghijkl"), {}],
      [undefined, { ended: fenceAt(NOW, "ended") }],
      [undefined, {}],
    ] as const) {
      const { entry, outcome, event } = admitted(before, {}, { token: newer, past });
      expect([outcome, event?.type]).toEqual(["restored", "restored"]);
      expect(entry.document).toMatchObject({ fence: newer, registeredAt: NOW + 1 });
    }
  });

  it("restores over another key's registration only for an admin", () => {
    const older = entryOf({ id: "a" }, NOW, fenceAt(NOW, "older"));
    const theirs = { ...older, document: { ...older.document, owner: "alice" } };
    const token = fenceAt(NOW + 1, "newer");
    expect(attempt(theirs, {}, { token, asker: bob }).result).toMatchObject({ code: "forbidden" });
    for (const asker of [alice, admin]) {
      expect(admitted(theirs, {}, { token, asker }).outcome).toBe("restored");
    }
  });

  it("restores what is at most five minutes ahead of the store's clock", () => {
    const at = (ms: number) => attempt(undefined, {}, { token: fenceAt(LATER + ms, "ahead") }).result;
    expect(at(300_000)).toMatchObject({ outcome: "restored" });
    expect(at(300_001)).toMatchObject({ code: "epoch_ahead" });
  });

  it("with its token renews one whose lease has lapsed, and keeps what it does not say", () => {
    const fence = fenceAt(NOW, "current");
    const gone = { ...entryOf({ id: "a", metadata: { kept: 1 } }, NOW, fence), lease: null };
    const { entry, outcome } = admitted(gone, {}, { token: fence });
    expect([outcome, entry.document.fence]).toEqual(["renewed", fence]);
    expect(entry.document.registration.metadata).toEqual({ kept: 1 });
  });

  it("is drained where the id is, though its entry was lost", () => {
    expect(admitted(undefined, {}, { past: { draining: true } }).entry.draining).toBe(true);
  });

  it("is newer than all that the id has had, whatever the clock says", () => {
    const after = (before: Entry | undefined, past: Past) =>
      admitted(before, {}, { past }).entry.document.registeredAt;
    expect(after(entryOf({ id: "a" }, LATER + 5), {})).toBe(LATER + 6);
    expect(after(undefined, { ended: fenceAt(LATER + 5, "ended") })).toBe(LATER + 6);
    expect(after(undefined, {})).toBe(LATER);
  });

  it.each([
    { who: "another", asker: bob, token: undefined, expected: "forbidden", owner: null },
    { who: "another", asker: bob, token: "fence", expected: "renewed", owner: "alice" },
    { who: "its owner", asker: alice, token: undefined, expected: "replaced", owner: "alice" },
    { who: "its owner", asker: alice, token: "fence", expected: "renewed", owner: "alice" },
    { who: "an admin", asker: admin, token: undefined, expected: "replaced", owner: "root" },
    { who: "an admin", asker: admin, token: "fence", expected: "renewed", owner: "alice" },
  ] as const)(
    "over a live id by $who with token $token: $expected [ruling 10]",
    ({ asker, token, expected, owner }) => {
      const before = admitted(undefined, {}, { asker: alice }).entry;
      const held = { ...before, document: { ...before.document, fence: "fence" } };
      const { result, write } = attempt(held, {}, token ? { token, asker } : { asker });
      expect(result instanceof Problem ? result.code : result.outcome).toBe(expected);
      expect(write?.entry?.document.owner ?? null).toBe(owner);
    },
  );

  it.each([
    { who: "another", asker: bob, expected: "forbidden" },
    { who: "its owner", asker: alice, expected: "created" },
    { who: "an admin", asker: admin, expected: "created" },
  ])("over an id that has lapsed and is kept, without a token, by $who: $expected", ({ asker, expected }) => {
    const { entry } = admitted(undefined, {}, { asker: alice });
    const { result } = attempt({ ...entry, lease: null }, {}, { asker });
    expect(result instanceof Problem ? result.code : result.outcome).toBe(expected);
  });

  it("with its token restores one that has lapsed, as at registration where it says nothing", () => {
    const before: Entry = {
      ...entryOf({ id: "a", status: "busy", current_load: 3 }, NOW),
      lease: null,
      mark: { state: "lapsed", sinceMs: NOW, untilMs: NOW + 300_000 },
    };
    const { entry, outcome } = admitted(before, {}, { token: "fence" });
    expect([outcome, entry.mark]).toEqual(["renewed", null]);
    expect(entry.lease).toMatchObject({ status: "busy", currentLoad: 3, lastSeenAt: LATER });
  });

  it("refuses what would not fit a document, and takes what just does", () => {
    const sized = (letters: number) => ({
      metadata: { a: "x".repeat(METADATA_BYTES_MAX - 8) },
      capabilities: [...Array(4).keys()].map((n) => ({
        name: `c${n}`,
        description: "x".repeat(n < 3 ? 4096 : letters),
      })),
    });
    const spare = DOCUMENT_BYTES_MAX - sizeBytes(admitted(undefined, sized(0)).entry.document);
    expect(sizeBytes(admitted(undefined, sized(spare)).entry.document)).toBe(DOCUMENT_BYTES_MAX);
    const { result, write } = attempt(undefined, sized(spare + 1), {});
    expect([result, write]).toEqual([expect.objectContaining({ code: "payload_too_large" }), undefined]);
  });
});

describe("a registration's terms", () => {
  const said = (fields: Record<string, unknown>) =>
    registrationInput.parse({ name: "a", type: "t", ...fields });

  it.each([
    [{}, []],
    [{ ttl_seconds: 60 }, []],
    [{ ttl_seconds: 59 }, ["/ttl_seconds"]],
    [{ heartbeat_interval_seconds: 150 }, []],
    [{ heartbeat_interval_seconds: 151 }, ["/heartbeat_interval_seconds"]],
    [{ ttl_seconds: 20, heartbeat_interval_seconds: 10 }, []],
    [{ ttl_seconds: 20, heartbeat_interval_seconds: 11 }, ["/ttl_seconds"]],
    [{ ttl_seconds: 2, heartbeat_interval_seconds: null }, []],
  ])("in %j are wrong at %j", (fields, pointers) => {
    expect(termErrors(said(fields), DEFAULTS).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it("end as many ms after registration as they say, or never [0-21, 4-08]", () => {
    expect(entryOf({ id: "a", ttl_seconds: 61 }, NOW).lease.expiresAt).toBe(NOW + 61_000);
    expect(entryOf({ id: "a", heartbeat_interval_seconds: null }, NOW).lease.expiresAt).toBeNull();
  });
});

describe("a registration's schema", () => {
  it("widens a bare name to what the object with only that name gives [0-02]", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }), (name) => {
        expect(capabilityInput.parse(name)).toEqual(capabilityInput.parse({ name }));
      }),
    );
  });

  it("reads what it wrote as the same [0-06]", () => {
    fc.assert(
      fc.property(aRegistration(), (fields) => {
        const once = registrationInput.parse(fields);
        expect(registrationInput.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
      }),
    );
  });

  it("takes ids of its alphabet to 256 characters, and no others [0-04]", () => {
    fc.assert(
      fc.property(anId(), fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), (id, noise) => {
        expect(entryId.safeParse(id).success).toBe(true);
        const clean = /^[\w.:/@-]*$/.test(noise);
        expect(entryId.safeParse(id + noise).success).toBe(clean);
      }),
    );
    for (const [id, is] of [
      ["x".repeat(256), true],
      ["x".repeat(257), false],
      ["", false],
      [".a", false],
      ["a\n", false],
    ] as const) {
      expect([id, entryId.safeParse(id).success]).toEqual([id, is]);
    }
  });

  it.each(["a\u0000b", "tab\there", "new\nline", "\u2028", "\u0085", "\ud800"])(
    "refuses %j in a name, a type, a tag or a capability",
    (text) => {
      for (const fields of [{ name: text }, { type: text }, { tags: [text] }, { capabilities: [text] }]) {
        expect(registrationInput.safeParse({ name: "a", type: "t", ...fields }).success).toBe(false);
      }
    },
  );
});
