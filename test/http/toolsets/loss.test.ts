import { describe, expect, it } from "vitest";
import { lossesOf } from "../../support/losses.ts";
import { redisBackend } from "../../support/stores.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO, openToolsets, type Toolsets } from "../../support/toolsets.ts";

const BODY = { name: "tools", tools: [ECHO] };
const DONE = { result: { text: "done" } };

const post = (registry: Toolsets, headers: Record<string, string>) =>
  registry.post<{ lease_token: string; registered_at: string; action?: string; code?: string }>(
    "/v1/toolsets",
    BODY,
    headers,
  );

describe("a toolset that an emptied Redis has lost", () => {
  it("is restored by its token, and calls in hand go on", async () => {
    const backend = redisBackend();
    const registry = openToolsets({ backend });
    const token = await registry.serve();
    const claimed = (await registry.callTool()).body;
    const [call] = await registry.calls(token);
    const queued = (await registry.callTool()).body;
    await lossesOf(backend).empty();

    expect(await registry.claim(token)).toMatchObject({ status: 404, body: { action: "register" } });
    const restored = await post(registry, { "Lease-Token": token });
    expect(restored).toMatchObject({ status: 201, body: { lease_token: token } });
    const { events } = (await registry.get<{ events: { type: string }[] }>("/v1/events")).body;
    expect(events.map(({ type }) => type)).toEqual(["restored"]);

    expect((await registry.settle(token, call!, DONE)).status).toBe(200);
    const [next] = await registry.calls(token);
    expect(next?.call_id).toBe(queued.call_id);
    expect((await registry.settle(token, next!, DONE)).status).toBe(200);
    expect((await registry.result(claimed)).body.status).toBe("done");
    await registry.attach(token);
    expect((await registry.health()).healthy).toBe(true);
  });

  it("is the newer one's, whoever comes back first", async () => {
    for (const olderFirst of [true, false]) {
      const backend = redisBackend();
      const registry = openToolsets({ backend });
      const [older, newer] = [await registry.offer(), await registry.offer()];
      await lossesOf(backend).empty();
      const refused = olderFirst ? [await post(registry, { "Lease-Token": older })] : [];
      expect(refused.map(({ status, body }) => [status, body.action])).toEqual(
        refused.map(() => [409, "stop"]),
      );
      expect(await registry.claim(newer)).toMatchObject({ status: 404, body: { action: "register" } });
      expect((await post(registry, { "Lease-Token": newer })).body.lease_token).toBe(newer);
      expect((await registry.claim(newer)).status).toBe(200);
      expect(await registry.claim(older)).toMatchObject({ status: 409, body: { action: "stop" } });
    }
  });

  it("is the newer one's after a failover that lost its registration", async () => {
    const backend = redisBackend();
    const registry = openToolsets({ backend });
    const older = await registry.offer();
    const failOver = await lossesOf(backend).replicate();
    const newer = await registry.offer();
    await failOver();
    // The store knows the older one alone, the gateway the newer.
    expect(await registry.claim(older)).toMatchObject({ status: 409, body: { action: "stop" } });
    expect(await registry.claim(newer)).toMatchObject({ status: 404, body: { action: "register" } });
    expect((await post(registry, { "Lease-Token": newer })).body.lease_token).toBe(newer);
    expect((await registry.claim(newer)).status).toBe(200);
  });
});

describe.each(BACKENDS)("registering a toolset on $backend", ({ openBackend }) => {
  it("with an Idempotency-Key is repeated with the same answer, and its calls go on", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const key = { "Idempotency-Key": "life 1" };
    const first = await post(registry, key);
    await registry.attach(first.body.lease_token);
    const { body: call } = await registry.callTool();
    expect(await post(registry, key)).toMatchObject({ status: 201, body: first.body });
    expect((await registry.calls(first.body.lease_token)).map(({ call_id }) => call_id)).toEqual([
      call.call_id,
    ]);
  });

  it("after it was unregistered takes no token of before, and is later", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const first = await post(registry, {});
    const token = { "Lease-Token": first.body.lease_token };
    await registry.call("DELETE", "/v1/toolsets/tools", undefined, token);
    expect(await registry.claim(first.body.lease_token)).toMatchObject({
      status: 409,
      body: { action: "stop" },
    });
    expect((await post(registry, token)).status).toBe(409);
    const second = await post(registry, {});
    expect(second.body.registered_at > first.body.registered_at).toBe(true);
    expect((await registry.claim(second.body.lease_token)).status).toBe(200);
  });
});
