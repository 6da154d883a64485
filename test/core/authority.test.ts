import { describe, expect, it } from "vitest";
import { owns, refuseChange, SCOPES, type Asker, hasScope } from "../../src/core/authority.ts";
import type { LiveEntry } from "../../src/core/entry.ts";
import { leaseAt } from "../../src/core/lease.ts";
import { registrationInput } from "../../src/core/agents/agent.ts";
import { fenceAt } from "../support/issued.ts";

const CURRENT = fenceAt(2, "current");
const STALE = fenceAt(1, "stale");
const LOST = fenceAt(3, "lost");

const caller = (name: string | null, ...scopes: Asker["scopes"]): Asker => ({
  name,
  scopes,
  namespace: "default",
});

function entryOf(owner: string | null): LiveEntry {
  const { status: _, current_load: __, ...rest } = registrationInput.parse({ name: "agent", type: "worker" });
  const terms = { ttlSeconds: 300, intervalSeconds: 30 };
  return {
    document: {
      fence: CURRENT,
      registeredAt: 2,
      owner,
      region: null,
      registration: {
        ...rest,
        id: "a",
        metadata: {},
        health_score: 1,
        ttl_seconds: terms.ttlSeconds,
        heartbeat_interval_seconds: terms.intervalSeconds,
      },
    },
    lease: leaseAt(terms, { status: "available", currentLoad: 0 }, 0),
    draining: false,
    mark: null,
  };
}

describe("hasScope", () => {
  it.each([
    { scopes: ["read"], held: ["read"] },
    { scopes: ["write"], held: ["write"] },
    { scopes: ["read", "write"], held: ["read", "write"] },
    { scopes: ["admin"], held: ["read", "write", "admin"] },
    { scopes: [], held: [] },
  ] as const)("grants $held to a key of scopes $scopes, and nothing else", ({ scopes, held }) => {
    const key = caller("robin", ...scopes);
    expect(SCOPES.filter((scope) => hasScope(key, scope))).toEqual(held);
  });
});

describe("owns", () => {
  it.each([
    { who: "the key of the owner's name", key: caller("robin", "write"), owner: "robin", expected: true },
    { who: "a key of another name", key: caller("wren", "write"), owner: "robin", expected: false },
    {
      who: "a key whose name differs in case",
      key: caller("Robin", "write"),
      owner: "robin",
      expected: false,
    },
    { who: "any admin", key: caller("wren", "admin"), owner: "robin", expected: true },
    { who: "an admin, of what nobody owns", key: caller("wren", "admin"), owner: null, expected: true },
    { who: "a key, of what nobody owns", key: caller("robin", "write"), owner: null, expected: false },
    { who: "the nameless, of what nobody owns", key: caller(null, "write"), owner: null, expected: false },
    { who: "open access", key: caller(null, ...SCOPES), owner: "robin", expected: true },
  ])("says $expected of $who", ({ key, owner, expected }) => {
    expect(owns(key, entryOf(owner))).toBe(expected);
  });
});

describe("refuseChange", () => {
  const owner = caller("robin", "write");
  const other = caller("wren", "write");
  const admin = caller("boss", "admin");
  const open = caller(null, ...SCOPES);

  // The two last columns: without `ownerSuffices`, and with it.
  it.each([
    ["the owner with no token", owner, undefined, "lease_token_required", undefined],
    ["the owner with the current token", owner, CURRENT, undefined, undefined],
    ["the owner with a stale token", owner, STALE, "lease_lost", "lease_lost"],
    ["another key with no token", other, undefined, "lease_token_required", "forbidden"],
    ["another key with the current token", other, CURRENT, undefined, undefined],
    ["another key with a stale token", other, STALE, "lease_lost", "lease_lost"],
    ["an admin with no token", admin, undefined, undefined, undefined],
    ["an admin with the current token", admin, CURRENT, undefined, undefined],
    ["an admin with a stale token", admin, STALE, "lease_lost", "lease_lost"],
    ["an admin with an empty token's fence", admin, "", "agent_not_found", "agent_not_found"],
    ["the owner with a token that the store has lost", owner, LOST, "agent_not_found", "agent_not_found"],
    ["an admin with one", admin, LOST, "agent_not_found", "agent_not_found"],
    ["open access with no token", open, undefined, undefined, undefined],
    ["open access with a stale token", open, STALE, "lease_lost", "lease_lost"],
  ] as const)("answers %s", (_, key, fence, tokenOnly, ownerToo) => {
    const entry = entryOf("robin");
    expect({
      tokenOnly: refuseChange("agent", key, entry, fence, false)?.code,
      ownerToo: refuseChange("agent", key, entry, fence, true)?.code,
    }).toEqual({ tokenOnly, ownerToo });
  });

  it("tells a superseded process to stop, and one whose registration is lost to register", () => {
    const told = (fence: string) =>
      refuseChange("agent", owner, entryOf("robin"), fence, false)?.options.action;
    expect([told(STALE), told(LOST)]).toEqual(["stop", "register"]);
  });

  it("names the entry it is about, and no key", () => {
    expect(refuseChange("agent", owner, entryOf("robin"), STALE, false)?.message).toContain('"a"');
    const forbidden = refuseChange("agent", other, entryOf("robin"), undefined, true)?.message;
    expect(forbidden).toContain('"a"');
    expect(forbidden).not.toMatch(/robin|wren/);
  });
});
