import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../../src/http/frame/rate-limit.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry, type RegistryOptions } from "../../support/registry.ts";

/** The platform's own, of 3 in a minute (vitest.config.ts). */
const LIMIT = 3;
const { THREE_A_MINUTE } = env as unknown as { THREE_A_MINUTE: RateLimit };

/** A minute may begin anew in between, once: among so many requests one is beyond the limit. */
const MANY = 2 * LIMIT + 1;

describe("a key's requests a minute", () => {
  async function open(rateLimits: RegistryOptions["rateLimits"]) {
    const [name, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const access = await keysAccess([
      { name, token: "mine", scopes: ["read", "write"] },
      { name: other, token: "other", scopes: ["read", "write"] },
    ]);
    return new Registry({ access, ...(rateLimits && { rateLimits }) });
  }
  const MINE = bearer("mine");

  async function statusesOf(ask: () => Promise<{ status: number }>): Promise<number[]> {
    const statuses: number[] = [];
    for (let request = 0; request < MANY; request += 1) statuses.push((await ask()).status);
    return statuses;
  }

  it("are taken up to the limit, and refused beyond it with the time to wait", async () => {
    const registry = await open({ requests: THREE_A_MINUTE });
    const replies: Awaited<ReturnType<Registry["get"]>>[] = [];
    await statusesOf(async () => {
      const reply = await registry.get("/v1/agents", MINE);
      replies.push(reply);
      return reply;
    });
    expect(replies.slice(0, LIMIT).map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = replies.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: "rate_limited" });
    expect(refused?.headers.get("Retry-After")).toBe("10");
  });

  it("do not count for another key, and none are counted where no key is needed", async () => {
    const registry = await open({ requests: THREE_A_MINUTE });
    await statusesOf(() => registry.get("/v1/agents", MINE));
    expect((await registry.get("/v1/agents", bearer("other"))).status).toBe(200);
    expect(await statusesOf(() => registry.get("/health"))).not.toContain(429);
  });

  it("end no lease: heartbeats are counted apart", async () => {
    const registry = await open({ requests: THREE_A_MINUTE });
    const { agent_id, lease_token } = await registry.register({ id: "a" }, MINE);
    expect(await statusesOf(() => registry.get("/v1/agents", MINE))).toContain(429);
    const headers = { ...MINE, "Lease-Token": lease_token };
    const heartbeats = await statusesOf(() => registry.post(`/v1/agents/${agent_id}/heartbeat`, {}, headers));
    expect(new Set(heartbeats)).toEqual(new Set([200]));
  });

  it("are refused too where they are heartbeats beyond their own limit", async () => {
    const registry = await open({ heartbeats: THREE_A_MINUTE });
    const { agent_id, lease_token } = await registry.register({ id: "a" }, MINE);
    const headers = { ...MINE, "Lease-Token": lease_token };
    const beat = () => registry.post(`/v1/agents/${agent_id}/heartbeat`, {}, headers);
    expect(await statusesOf(beat)).toContain(429);
    expect((await registry.get("/v1/agents", MINE)).status).toBe(200);
  });

  it("are all taken where the platform cannot count", async () => {
    const registry = await open({
      requests: { limit: () => Promise.reject(new Error("the rate limiter is out")) },
    });
    expect(new Set(await statusesOf(() => registry.get("/v1/agents", MINE)))).toEqual(new Set([200]));
  });
});
