import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HeartbeatInput, METADATA_BYTES_MAX } from "../../../src/core/agents/agent.ts";
import type { Asker } from "../../../src/core/authority.ts";
import type { Entry, LiveEntry } from "../../../src/core/entry.ts";
import { leaseAt } from "../../../src/core/lease.ts";
import {
  decideHeartbeat,
  mergeMetadata,
  type HeartbeatResult,
  isComplete,
} from "../../../src/core/agents/heartbeat.ts";
import { Problem, orThrow } from "../../../src/core/problem.ts";
import { aLoad, aMetadata, anEntry, anId, aScore, aStatus } from "../../support/arbitraries.ts";
import { ANYONE, entryOf } from "../../support/entries.ts";
import { fenceAt } from "../../support/issued.ts";

const NOW = Date.UTC(2026, 0, 1);

const REQUEST = { id: "a", input: {}, asker: ANYONE, fence: "fence", ownerSuffices: false };

const beat = (entry: LiveEntry, input: HeartbeatInput, now = NOW) =>
  decideHeartbeat(
    entry,
    {},
    { id: entry.document.registration.id, input, asker: ANYONE, fence: "fence", ownerSuffices: false },
    now,
  );
/** The entry as the heartbeat leaves it. */
function after(entry: LiveEntry, input: HeartbeatInput, now = NOW): LiveEntry {
  const { result, write } = beat(entry, input, now);
  orThrow<HeartbeatResult>(result);
  return write!.entry as LiveEntry;
}

/** Every part said or not. */
const anInput = (): fc.Arbitrary<HeartbeatInput> =>
  fc.record(
    { status: aStatus(), current_load: aLoad(), health_score: aScore(), metadata: aMetadata(true) },
    { requiredKeys: [] },
  );
const entry = () => anEntry(anId(), NOW);

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
  return value;
}

describe("a heartbeat that a slow clock stamped", () => {
  it("never moves what was heard later back", () => {
    const late = entryOf({ id: "a" }, NOW + 40_000);
    const { lease } = after(late, { health_score: 0.5 }, NOW);
    expect([lease.lastSeenAt, lease.expiresAt]).toEqual([late.lease.lastSeenAt, late.lease.expiresAt]);
  });
});

describe("merging metadata", () => {
  const pair = [aMetadata(false), aMetadata(true)] as const;

  it("with {} is the identity, and not even a copy [2-12]", () => {
    fc.assert(
      fc.property(pair[0], (current) => {
        expect(mergeMetadata(current, {})).toBe(current);
      }),
    );
  });

  it("twice with the same patch is merging once, and the second time changes nothing [2-12]", () => {
    fc.assert(
      fc.property(...pair, (current, patch) => {
        const once = mergeMetadata(current, patch);
        expect(mergeMetadata(once, patch)).toBe(once);
      }),
    );
  });

  it("deletes exactly the keys that are null, sets the others whole, and touches nothing else [2-12]", () => {
    fc.assert(
      fc.property(...pair, (current, patch) => {
        const left = Object.entries({ ...current, ...patch }).filter(
          ([key]) => !Object.hasOwn(patch, key) || patch[key] !== null,
        );
        expect(mergeMetadata(freeze(current), freeze(patch))).toEqual(Object.fromEntries(left));
      }),
    );
  });

  it("with two patches in turn is merging with the second laid over the first [2-12]", () => {
    fc.assert(
      fc.property(...pair, aMetadata(true), (current, first, second) => {
        const inTurn = mergeMetadata(mergeMetadata(current, first), second);
        expect(inTurn).toEqual(mergeMetadata(current, { ...first, ...second }));
      }),
    );
  });
});

describe("a heartbeat", () => {
  it.each<[HeartbeatInput, boolean]>([
    [{ status: "busy", current_load: 0 }, true],
    [{ status: "busy" }, false],
    [{ current_load: 1 }, false],
    [{}, false],
    [{ status: "busy", current_load: 1, health_score: 1 }, false],
    [{ status: "busy", current_load: 1, metadata: {} }, false],
  ])("that says %j is whole: %j [4-15]", (input, whole) => {
    expect(isComplete(input)).toBe(whole);
  });

  it("that is whole leaves the lease that the one-command path would write, and the document alone [0-26]", () => {
    fc.assert(
      fc.property(entry(), aStatus(), aLoad(), (before, status, current_load) => {
        const { ttl_seconds, heartbeat_interval_seconds } = before.document.registration;
        const terms = { ttlSeconds: ttl_seconds, intervalSeconds: heartbeat_interval_seconds };
        const beaten = after(before, { status, current_load });
        expect(beaten.lease).toEqual(leaseAt(terms, { status, currentLoad: current_load }, NOW));
        expect(beaten).toEqual({ ...before, lease: beaten.lease });
      }),
    );
  });

  it("in parts leaves what it leaves as a whole, whenever the status comes last [0-27, 4-15]", () => {
    fc.assert(
      fc.property(entry(), anInput(), (before, { status, ...input }) => {
        const parts: HeartbeatInput[] = Object.entries(input).map(([key, value]) => ({ [key]: value }));
        const told = [...parts, status ? { status } : {}].reduce((e, part) => after(e, part), before);
        expect(told).toEqual(after(before, { ...input, ...(status && { status }) }));
      }),
    );
  });

  it("changes, in a copy, what it says and nothing else, except that any sign of life ends `offline` [0-27, 0-29, 4-14, 4-24]", () => {
    fc.assert(
      fc.property(entry(), anInput(), (before, input) => {
        const { document, lease, draining, mark } = after(freeze(before), freeze(input));
        const was = before.document.registration;
        const resting = before.lease.status === "offline" ? "available" : before.lease.status;
        expect([lease.status, lease.currentLoad]).toEqual([
          input.status ?? resting,
          input.current_load ?? before.lease.currentLoad,
        ]);
        expect(document).toEqual({
          ...before.document,
          registration: {
            ...was,
            health_score: input.health_score ?? was.health_score,
            metadata: mergeMetadata(was.metadata, input.metadata ?? {}),
          },
        });
        expect([draining, mark]).toEqual([before.draining, before.mark]);
      }),
    );
  });

  it("renews the whole term from when it is heard, and a static entry's never ends [0-26, 4-14]", () => {
    fc.assert(
      fc.property(entry(), anInput(), fc.nat(100_000), (before, input, later) => {
        const { lease } = after(before, input, NOW + later);
        const { ttl_seconds, heartbeat_interval_seconds } = before.document.registration;
        const end = heartbeat_interval_seconds === null ? null : NOW + later + ttl_seconds * 1000;
        expect([lease.lastSeenAt, lease.expiresAt]).toEqual([NOW + later, end]);
      }),
    );
  });

  it("that says what is already so writes no document [0-29, 2-12]", () => {
    const before = entryOf({ id: "a", health_score: 0.5, metadata: { a: 1, b: { c: [1] } } }, NOW);
    const same = { health_score: 0.5, metadata: { b: { c: [1] }, gone: null } };
    expect(after(before, same).document).toBe(before.document);
    expect(after(before, { health_score: 0.6 }).document).not.toBe(before.document);
  });

  it("tells the agent to drain while an operator asks for it", () => {
    const before = entryOf({ id: "a" }, NOW);
    for (const draining of [true, false]) {
      const { result } = beat({ ...before, draining }, {});
      expect(orThrow(result).desired).toBe(draining ? "drain" : "run");
    }
  });

  it("may fill the metadata to its limit, merged, and not by a byte more [2-12]", () => {
    const before = entryOf({ id: "a", metadata: { kept: "x".repeat(100) } }, NOW);
    const overhead = JSON.stringify({ ...before.document.registration.metadata, more: "" }).length;
    const filling = (bytes: number) => beat(before, { metadata: { more: "x".repeat(bytes) } }).result;
    expect(filling(METADATA_BYTES_MAX - overhead)).not.toBeInstanceOf(Problem);
    expect(filling(METADATA_BYTES_MAX - overhead + 1)).toMatchObject({
      code: "invalid_request",
      options: { errors: [{ pointer: "/metadata" }] },
    });
  });

  it("of nobody is told to register [0-28, 4-14]", () => {
    const { result, write } = decideHeartbeat(undefined, {}, REQUEST, NOW);
    expect(result).toMatchObject({ code: "agent_not_found", options: { action: "register" } });
    expect(write).toBeUndefined();
  });

  it("of a registration that was replaced learns so, and writes nothing [2-06, 3-17]", () => {
    const current = entryOf({ id: "a" }, NOW, fenceAt(NOW, "newer"));
    const late = { ...REQUEST, fence: fenceAt(NOW - 1, "older") };
    for (const before of [current, { ...current, lease: null }]) {
      const { result, write } = decideHeartbeat(before, {}, late, NOW);
      expect(result).toMatchObject({ code: "lease_lost", options: { action: "stop" } });
      expect(write).toBeUndefined();
    }
  });

  it("of a registration that the store has lost is told to register with its token", () => {
    const older = entryOf({ id: "a" }, NOW, fenceAt(NOW, "older"));
    const newer = { ...REQUEST, fence: fenceAt(NOW + 1, "newer") };
    for (const before of [older, undefined]) {
      const { result, write } = decideHeartbeat(before, {}, newer, NOW);
      expect(result).toMatchObject({ code: "agent_not_found", options: { action: "register" } });
      expect(write).toBeUndefined();
    }
  });
});

describe("a heartbeat that finds the lease lapsed", () => {
  const asRegistered = { status: "busy", current_load: 3, health_score: 0.5, metadata: { a: 1 } } as const;
  const lapsed = (fields: Record<string, unknown> = asRegistered): Entry => ({
    ...entryOf({ id: "a", ...fields }, NOW),
    lease: null,
    draining: true,
    mark: { state: "lapsed", sinceMs: NOW + 300_001, untilMs: NOW + 600_001 },
  });
  const owner: Asker = { name: "robin", scopes: ["write"], namespace: "default" };
  const owned = (): Entry => ({ ...lapsed(), document: { ...lapsed().document, owner: "robin" } });

  it("of its registration restores it, as at registration where it says nothing, and tells of it", () => {
    const { result, write } = decideHeartbeat(lapsed(), {}, REQUEST, NOW + 400_000);
    expect(result).toMatchObject({ restored: true, desired: "drain" });
    expect(write).toEqual({
      entry: {
        ...lapsed(),
        mark: null,
        lease: {
          status: "busy",
          currentLoad: 3,
          lastSeenAt: NOW + 400_000,
          expiresAt: NOW + 700_000,
          intervalSeconds: 30,
        },
      },
      event: { type: "recovered", kind: "agent", id: "a", at: NOW + 400_000, status: "busy" },
    });
  });

  it("has what it says, and `offline` at registration ends with any sign of life", () => {
    const leaseOf = (before: Entry, input: HeartbeatInput) =>
      decideHeartbeat(before, {}, { ...REQUEST, input }, NOW).write?.entry?.lease;
    const input = { status: "degraded", current_load: 7 } as const;
    expect(leaseOf(lapsed(), input)).toMatchObject({ status: "degraded", currentLoad: 7 });
    expect(leaseOf(lapsed({ status: "offline" }), {})).toMatchObject({ status: "available", currentLoad: 0 });
    expect(leaseOf(lapsed({}), {})).toMatchObject({ status: "available", currentLoad: 0 });
  });

  it.each([
    ["with another token", { fence: "other", asker: ANYONE }],
    ["without a token, by its owner", { fence: undefined, asker: owner }],
    ["without a token, by an admin", { fence: undefined, asker: ANYONE }],
    [
      "without a token, on the older API, by another key",
      { fence: undefined, ownerSuffices: true, asker: { ...owner, name: "wren" } },
    ],
    [
      "with another token, on the older API, by its owner",
      { fence: "other", ownerSuffices: true, asker: owner },
    ],
  ])("%s is told to register, and writes nothing", (_, request) => {
    const { result, write } = decideHeartbeat(owned(), {}, { ...REQUEST, ...request }, NOW);
    expect(result).toMatchObject({ code: "agent_not_found", options: { action: "register" } });
    expect(write).toBeUndefined();
  });

  it("on the older API is its owner's key's", () => {
    const request = { ...REQUEST, fence: undefined, ownerSuffices: true, asker: owner };
    expect(decideHeartbeat(owned(), {}, request, NOW).result).toMatchObject({ restored: true });
  });
});
