import { describe, expect, it } from "vitest";
import { registrationInput } from "../../../src/core/agents/agent.ts";
import type { Asker } from "../../../src/core/authority.ts";
import { orThrow } from "../../../src/core/problem.ts";
import { callIn, callInAll, type CallInRequest } from "../../../src/registry/agents/call-in.ts";
import { drain } from "../../../src/registry/agents/drain.ts";
import { readAgent } from "../../../src/registry/agents/read.ts";
import { type NewAgent, register, registerAll } from "../../../src/registry/agents/register.ts";
import { unregister } from "../../../src/registry/agents/unregister.ts";
import { type LeaseToken, readLeaseToken } from "../../../src/registry/lease-token.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

const ROBIN: Asker = { name: "robin", scopes: ["write"], namespace: "default" };
const WREN: Asker = { ...ROBIN, name: "wren" };

const agent = (fields: object, token?: LeaseToken): NewAgent => ({
  input: registrationInput.parse({ name: "agent", type: "worker", ...fields }),
  token,
  idempotencyKey: undefined,
  region: null,
});
const heartbeat = (
  id: string,
  token: LeaseToken | undefined,
  input: CallInRequest["input"],
): CallInRequest => ({
  id,
  input,
  token,
  ownerSuffices: false,
});
const complete = { status: "busy", current_load: 3 } as const;

describe.each(BACKENDS)("holding a lease on $backend", ({ openBackend }) => {
  /** A namespace with the agent `a`, Robin's, and its token. */
  async function withAgent() {
    const registry = new Registry({ backend: openBackend() });
    const namespace = registry.open("default");
    const { leaseToken } = orThrow(await register(namespace, ROBIN, agent({ id: "a" }), registry.now));
    return { namespace, now: registry.now, token: await readLeaseToken(leaseToken) };
  }

  it("registers each agent of a batch on its own, and answers in its order", async () => {
    const { namespace, now } = await withAgent();
    const results = await registerAll(
      namespace,
      WREN,
      [
        agent({ id: "b" }),
        agent({ id: "a" }),
        agent({ id: "b" }),
        agent({ id: "c", ttl_seconds: 10, heartbeat_interval_seconds: 9 }),
        agent({}),
      ],
      now,
    );
    expect(results).toMatchObject([
      { id: "b", outcome: "created" },
      { code: "forbidden" },
      { code: "invalid_request" },
      { code: "invalid_request" },
      { outcome: "created" },
    ]);
  });

  it("renews with the current token, which stays valid, and refuses the token of a replaced registration", async () => {
    const { namespace, now, token } = await withAgent();
    const renewed = orThrow(await register(namespace, WREN, agent({ id: "a" }, token), now + 1));
    expect(renewed).toMatchObject({ outcome: "renewed", entry: { document: { owner: "robin" } } });
    expect((await readLeaseToken(renewed.leaseToken)).fence).toBe(token.fence);

    expect(await register(namespace, ROBIN, agent({ id: "a" }), now + 2)).toMatchObject({
      outcome: "replaced",
    });
    expect(await register(namespace, ROBIN, agent({ id: "a" }, token), now + 3)).toMatchObject({
      code: "lease_lost",
    });
    expect(await callIn(namespace, ROBIN, heartbeat("a", token, complete), now + 3)).toMatchObject({
      code: "lease_lost",
    });
  });

  it("takes one heartbeat as it takes a batch of one, complete or not", async () => {
    for (const input of [complete, { current_load: 3 }]) {
      const [one, many] = [await withAgent(), await withAgent()];
      const single = await callIn(one.namespace, ROBIN, heartbeat("a", one.token, input), one.now);
      const [batched] = await callInAll(many.namespace, ROBIN, [heartbeat("a", many.token, input)], many.now);
      expect(single).toEqual(batched);
      expect(single).toMatchObject({ desired: "run", lease: { currentLoad: 3 } });
    }
  });

  it("takes each heartbeat of a batch on its own, and answers in its order", async () => {
    const { namespace, now, token } = await withAgent();
    const { leaseToken } = orThrow(await register(namespace, ROBIN, agent({ id: "b" }), now));
    orThrow(await drain(namespace, ROBIN, { id: "b", token: undefined, draining: true }, now));
    const requests = [
      heartbeat("a", token, { health_score: 0.5 }),
      heartbeat("nobody", token, complete),
      heartbeat("b", await readLeaseToken(leaseToken), complete),
      heartbeat("a", token, complete),
      heartbeat("c", undefined, complete),
    ];
    expect(await callInAll(namespace, ROBIN, requests, now)).toMatchObject([
      { desired: "run", lease: { status: "available" } },
      { code: "agent_not_found" },
      { desired: "drain", lease: { status: "busy" } },
      { code: "invalid_request" },
      { code: "agent_not_found" },
    ]);
  });

  it("lets the owner go without a token only where that suffices", async () => {
    const { namespace, now, token } = await withAgent();
    const leave = (asker: Asker, sent: LeaseToken | undefined, ownerSuffices: boolean) =>
      unregister(namespace, asker, { id: "a", token: sent, ownerSuffices }, now);
    expect(await leave(ROBIN, undefined, false)).toMatchObject({ code: "lease_token_required" });
    expect(await leave(WREN, undefined, true)).toMatchObject({ code: "forbidden" });
    expect(await leave(WREN, token, false)).toBeUndefined();
    expect(await leave(ROBIN, undefined, true)).toMatchObject({ code: "agent_not_found" });
    expect(await readAgent(namespace, "a", now)).toMatchObject({ code: "agent_not_found" });
  });
});
