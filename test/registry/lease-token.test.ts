import { describe, expect, it } from "vitest";
import { Registry } from "../support/registry.ts";
import { BACKENDS } from "../support/stores.ts";

const WHOLE = { status: "busy", current_load: 1 };
const secretOf = (token: string) => token.split(".").slice(2).join(".");

interface Shown {
  effective_status: string;
  expires_at: string | null;
  last_seen: string;
}

describe.each(BACKENDS)("a lease token on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });
  const shown = async (registry: Registry) => (await registry.get<Shown>("/v1/agents/a")).body;

  it("cannot be rewritten to promise no end, or one that its registration did not", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const secret = secretOf(lease_token);
    for (const body of [WHOLE, {}]) {
      expect((await registry.heartbeat("a", `300.0.${secret}`, body)).status).toBe(409);
    }
    const { lease_token: forever } = await registry.register({ id: "a", heartbeat_interval_seconds: null });
    expect((await registry.heartbeat("a", `60.20.${secretOf(forever)}`, WHOLE)).status).toBe(409);
    await registry.pass(86_400_000);
    expect((await shown(registry)).expires_at).toBeNull();
  });

  it("is clamped to the bounds of its terms, whatever it says", async () => {
    const registry = open();
    const { lease_token } = await registry.register({ id: "a" });
    const beat = await registry.heartbeat("a", `99999999.99999999.${secretOf(lease_token)}`, WHOLE);
    expect(Date.parse(String(beat.body["expires_at"])) - registry.now).toBe(86_400_000);
    expect(beat.body["next_interval_seconds"]).toBe(43_200);
  });

  it("is spent when a renewal turns a static entry into one that calls in, or back", async () => {
    const registry = open();
    const first = await registry.register({ id: "a", heartbeat_interval_seconds: null });
    const second = await registry.register({ id: "a" }, { "Lease-Token": first.lease_token });
    expect(second.outcome).toBe("replaced");
    expect((await registry.heartbeat("a", first.lease_token, WHOLE)).status).toBe(409);
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
      expect([token, (await registry.heartbeat("a", token, WHOLE)).status]).toEqual([token, 409]);
    }
  });
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
