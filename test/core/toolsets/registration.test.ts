import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Asker } from "../../../src/core/authority.ts";
import type { Decision } from "../../../src/core/decision.ts";
import type { Entry } from "../../../src/core/entry.ts";
import { orThrow, Problem } from "../../../src/core/problem.ts";
import { pulseAt } from "../../../src/core/toolsets/health.ts";
import {
  type DecidedToolset,
  decidePong,
  decideToolset,
  decideToolsetRemoval,
} from "../../../src/core/toolsets/registration.ts";
import { ANYONE } from "../../support/entries.ts";
import { fenceAt, issuedFor } from "../../support/issued.ts";
import { NOW, ownedToolset as entry, ponged, toolsetRegistration } from "../../support/toolset-entries.ts";

const WRITER: Asker = { name: "robin", scopes: ["write"], namespace: "default" };
const OTHER: Asker = { ...WRITER, name: "wren" };
const EARLIER = fenceAt(NOW - 1, "f0");
const codeOf = (result: unknown) => (result instanceof Problem ? result.code : result);

describe("registering a toolset", () => {
  const register = (
    before: Entry<"toolset"> | undefined,
    { asker = WRITER, presentedFence }: { asker?: Asker; presentedFence?: string } = {},
    now = NOW,
  ): Decision<DecidedToolset | Problem, "toolset"> => {
    const issued = issuedFor({ id: "tools", asker, presentedFence, minted: "f2" }, before?.document, {}, now);
    if (issued instanceof Problem) return { result: issued };
    const registration = toolsetRegistration({ name: "tools", description: "new" });
    return decideToolset(before, { registration, asker, region: null, issued }, now);
  };

  it("makes an entry that has yet to answer, and says so", () => {
    const { result, write } = register(undefined);
    const { entry: made, outcome } = orThrow(result);
    expect(outcome).toBe("created");
    expect(made).toStrictEqual({
      document: {
        fence: fenceAt(NOW, "f2"),
        registeredAt: NOW,
        owner: "robin",
        region: null,
        registration: toolsetRegistration({ name: "tools", description: "new" }),
      },
      lease: { lastPongAt: null, expiresAt: null },
      draining: false,
      mark: null,
    });
    expect(write).toStrictEqual({
      entry: made,
      event: { type: "registered", kind: "toolset", id: "tools", at: NOW },
    });
  });

  it("over one that lives replaces all of it, its health too", () => {
    const { result, write } = register(ponged(NOW), {}, NOW + 5);
    const { entry: replaced, outcome } = orThrow(result);
    expect(outcome).toBe("replaced");
    expect(replaced.document).toMatchObject({ fence: fenceAt(NOW + 5, "f2"), registeredAt: NOW + 5 });
    expect(replaced.lease).toStrictEqual({ lastPongAt: null, expiresAt: null });
    const changes = [{ field: "description", from: "", to: "new" }];
    expect(write!.event).toStrictEqual({
      type: "replaced",
      kind: "toolset",
      id: "tools",
      at: NOW + 5,
      changes,
    });
  });

  it("with its token amends what it says, and keeps epoch, owner and health, whoever has the token", () => {
    for (const asker of [WRITER, OTHER, ANYONE]) {
      const before = ponged(NOW);
      const { result, write } = register(before, { asker, presentedFence: "f1" }, NOW + 5);
      const { entry: amended, outcome } = orThrow(result);
      expect(outcome).toBe("amended");
      const registration = toolsetRegistration({ name: "tools", description: "new" });
      expect(amended).toStrictEqual({ ...before, document: { ...before.document, registration } });
      const changes = [{ field: "description", from: "", to: "new" }];
      const event = { type: "amended", kind: "toolset", id: "tools", at: NOW + 5, changes };
      expect(write).toStrictEqual({ entry: amended, event });
    }
  });

  it("with its token gives a lease to one that has lost it", () => {
    const { result } = register({ ...entry(), lease: null }, { presentedFence: "f1" });
    expect(orThrow(result).entry.lease).toStrictEqual({ lastPongAt: null, expiresAt: null });
  });

  it("is later than what it replaces, whatever the clock says", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (skew) => {
        const { document } = orThrow(register(ponged(NOW), {}, NOW + skew).result).entry;
        expect(document.registeredAt).toBe(skew > 0 ? NOW + skew : NOW + 1);
      }),
    );
  });

  it.each([
    ["by another key", { asker: OTHER }, "forbidden"],
    ["with a token of an earlier registration", { presentedFence: EARLIER }, "lease_lost"],
    ["with one, by an admin", { asker: ANYONE, presentedFence: EARLIER }, "lease_lost"],
  ])("is refused %s, and nothing written", (_, by, code) => {
    const { result, write } = register(ponged(NOW), by);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });

  it("with a token that the store has lost is restored, its fence with it, and unhealthy", () => {
    const fence = fenceAt(NOW + 1, "lost");
    for (const before of [undefined, ponged(NOW)]) {
      const { result, write } = register(before, { presentedFence: fence });
      const { entry: restored, outcome } = orThrow(result);
      expect([outcome, write?.event?.type]).toEqual(["restored", "restored"]);
      expect(restored.document).toMatchObject({ fence, registeredAt: NOW + 1 });
      expect(restored.lease).toStrictEqual({ lastPongAt: null, expiresAt: null });
    }
  });

  it("by an admin replaces what another key owns", () => {
    expect(orThrow(register(entry(), { asker: ANYONE }).result).entry.document.owner).toBe(null);
  });
});

describe("a pong", () => {
  const pong = (
    before: Entry<"toolset"> | undefined,
    { asker = WRITER, fence, pingFence = "f1" }: { asker?: Asker; fence?: string; pingFence?: string } = {},
  ) => decidePong(before, {}, { name: "tools", asker, fence, pingFence }, NOW + 7);

  it("is taken from the token's holder, the owner and an admin, and writes the pulse alone", () => {
    for (const by of [{ asker: OTHER, fence: "f1" }, {}, { asker: ANYONE }]) {
      const before = ponged(NOW);
      const { result, write } = pong(before, by);
      expect(result).toBeUndefined();
      expect(write).toStrictEqual({ entry: { ...before, lease: { lastPongAt: NOW + 7, expiresAt: null } } });
      // The same document, so that the store has no need to write it.
      expect(write!.entry!.document).toBe(before.document);
    }
  });

  it("heals one whose lease was lost", () => {
    const { write } = pong({ ...entry(), lease: null });
    expect(write!.entry!.lease).toStrictEqual(pulseAt(NOW + 7));
  });

  it.each([
    ["nobody registered", undefined, {}, "toolset_not_found"],
    ["of an earlier registration, by anybody", entry(), { pingFence: "f0" }, "stale_registration"],
    [
      "of an earlier registration, with its token",
      entry(),
      { fence: "f0", pingFence: "f0" },
      "stale_registration",
    ],
    ["with an earlier token", entry(), { fence: EARLIER }, "lease_lost"],
    ["by another key", entry(), { asker: OTHER }, "forbidden"],
  ])("%s is refused and heals nothing", (_, before, by, code) => {
    const { result, write } = pong(before, by);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });
});

describe("unregistering a toolset", () => {
  const unregister = (before: Entry<"toolset"> | undefined, asker: Asker, fence?: string) =>
    decideToolsetRemoval(before, { name: "tools", asker, fence }, NOW);

  it("takes its token or an admin, leaves nothing, and says so", () => {
    for (const { result, write } of [unregister(entry(), OTHER, "f1"), unregister(entry(), ANYONE)]) {
      expect(result).toBeUndefined();
      expect(write).toStrictEqual({
        entry: undefined,
        event: { type: "unregistered", kind: "toolset", id: "tools", at: NOW },
        ended: `${NOW}-f1`,
      });
    }
  });

  it.each([
    ["that nobody registered", undefined, WRITER, undefined, "toolset_not_found"],
    ["by its owner without the token", entry(), WRITER, undefined, "lease_token_required"],
    ["with an earlier token", entry(), WRITER, EARLIER, "lease_lost"],
    ["with an earlier token, by an admin", entry(), ANYONE, EARLIER, "lease_lost"],
  ])("%s is refused", (_, before, asker, fence, code) => {
    const { result, write } = unregister(before, asker, fence);
    expect([codeOf(result), write]).toEqual([code, undefined]);
  });
});
