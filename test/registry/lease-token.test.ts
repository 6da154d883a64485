import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { isUnder, leaseTokenOf, mintSecret, readLeaseToken } from "../../src/registry/lease-token.ts";
import { Registry } from "../support/registry.ts";
import { BACKENDS } from "../support/stores.ts";

const WHOLE = { status: "busy", current_load: 1 };

interface Shown {
  effective_status: string;
  expires_at: string | null;
  last_seen: string;
}

describe.each(BACKENDS)("a lease token on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });
  const shown = async (registry: Registry) => (await registry.get<Shown>("/v1/agents/a")).body;

  it("cannot be rewritten to say other terms, or another time: it is whole", async () => {
    const registry = open();
    const terms = { id: "a", ttl_seconds: 4, heartbeat_interval_seconds: 1 };
    const [, , epoch, secret] = (await registry.register(terms)).lease_token.split(".");
    for (const forged of [
      `86400.43200.${epoch}.${secret}`,
      `5.1.${epoch}.${secret}`,
      `4.0.${epoch}.${secret}`,
      `04.1.${epoch}.${secret}`,
      `4.1.${Number(epoch) + 1}.${secret}`,
      `4.1.0${epoch}.${secret}`,
      `4.1.${secret}`,
    ]) {
      for (const body of [WHOLE, {}]) {
        const { status } = await registry.heartbeat("a", forged, body);
        expect([forged, [404, 409].includes(status)]).toEqual([forged, true]);
      }
    }
    expect((await shown(registry)).expires_at).toBe(new Date(registry.now + 4000).toISOString());
    await registry.pass(4001);
    expect((await registry.get("/v1/agents/a")).status).toBe(404);
  });

  it("is spent when a renewal turns a static entry into one that calls in, or back", async () => {
    const registry = open();
    const first = await registry.register({ id: "a", heartbeat_interval_seconds: null });
    const second = await registry.register({ id: "a" }, { "Lease-Token": first.lease_token });
    expect(second.outcome).toBe("replaced");
    expect((await registry.heartbeat("a", first.lease_token, WHOLE)).body["action"]).toBe("stop");
    expect((await registry.heartbeat("a", second.lease_token, WHOLE)).status).toBe(200);
    const third = await registry.register(
      { id: "a", heartbeat_interval_seconds: null },
      { "Lease-Token": second.lease_token },
    );
    expect((await registry.heartbeat("a", second.lease_token, WHOLE)).status).toBe(409);
    await registry.pass(86_400_000);
    expect((await registry.heartbeat("a", third.lease_token, WHOLE)).status).toBe(200);
  });

  it("of any shape is an answer, never a fault", async () => {
    const registry = open();
    await registry.register({ id: "a" });
    for (const token of ["x", ".", "..", "...", "300.30.", "-1.-1.x", "NaN.NaN.NaN", "1e9.1e9.x", "'\"\\"]) {
      expect([token, (await registry.heartbeat("a", token, WHOLE)).status]).toEqual([token, 404]);
    }
  });
});

it("is read as it was written", async () => {
  const terms = fc.oneof(
    fc.record({ ttlSeconds: fc.integer({ min: 2, max: 86_400 }), intervalSeconds: fc.constant(null) }),
    fc.integer({ min: 1, max: 43_200 }).map((intervalSeconds) => ({ ttlSeconds: 86_400, intervalSeconds })),
  );
  await fc.assert(
    fc.asyncProperty(terms, fc.maxSafeNat(), async (said, epoch) => {
      const token = await leaseTokenOf(said, epoch, mintSecret());
      expect(await readLeaseToken(token.text)).toEqual(token);
      expect(isUnder(token, said)).toBe(true);
    }),
  );
});

describe.each(BACKENDS)("bulk heartbeats on $backend", ({ openBackend }) => {
  it("take the first item for an id, and refuse its repetitions by name", async () => {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({ id: "a" });
    const item = (current_load: number) => ({ id: "a", lease_token, current_load });
    const { status, body } = await registry.post<{ results: { status: number; errors?: unknown }[] }>(
      "/v1/heartbeats",
      { heartbeats: Array.from({ length: 30 }, (_, i) => item(i)) },
    );
    expect([status, body.results.map((result) => result.status)]).toEqual([
      200,
      [200, ...Array<number>(29).fill(400)],
    ]);
    expect(body.results[1]?.errors).toEqual([
      { pointer: "/id", detail: "item 0 of this batch has the same id" },
    ]);
  });
});
