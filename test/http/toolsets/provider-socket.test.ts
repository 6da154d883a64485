import { describe, expect, it } from "vitest";
import type { ProviderMessage } from "../../../src/gateway/gateway.ts";
import { bearer, keysAccess, type TestKey } from "../../support/keys.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ProviderSocket } from "../../support/provider-socket.ts";
import { callsOf, pingsOf } from "../../support/tool-gateway.ts";
import { openToolsets, type Toolsets } from "../../support/toolsets.ts";

const PATH = "/v1/toolsets/tools/claims";
const UPGRADE = { Upgrade: "websocket" };

const KEYS: TestKey[] = [
  { name: "owner", token: "owner-token", scopes: ["read", "write"] },
  { name: "other", token: "other-token", scopes: ["read", "write"] },
  { name: "reader", token: "reader-token", scopes: ["read"] },
  { name: "admin", token: "admin-token", scopes: ["admin"] },
  { name: "abroad", token: "abroad-token", scopes: ["admin"], namespace: "abroad" },
];

const upgrade = (registry: Toolsets, headers: Record<string, string> = {}, query = "?consumer=s1&max=2") =>
  registry.fetch(PATH + query, { headers: { ...UPGRADE, ...headers } });

async function opened(registry: Toolsets, headers: Record<string, string> = {}): Promise<ProviderSocket> {
  const { status, webSocket } = await upgrade(registry, headers);
  expect([status, webSocket]).toEqual([101, expect.any(WebSocket)]);
  return new ProviderSocket(webSocket!);
}

async function refusal(response: Response): Promise<[number, string]> {
  expect(response.webSocket).toBeNull();
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const { code } = await response.json<{ code: string }>();
  return [response.status, code];
}

/** Answers the ping that a socket gets when it is opened. */
async function heal(registry: Toolsets, messages: readonly ProviderMessage[], token: string): Promise<void> {
  const [ping] = pingsOf(messages);
  expect((await registry.pong(token, ping!)).status).toBe(200);
  expect(await registry.health()).toMatchObject({ healthy: true });
}

describe.each(BACKENDS)("a provider's socket over HTTP, $backend,", ({ openBackend }) => {
  it("is opened under open access, and brings pings and calls that are answered by POST", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.offer();
    const socket = await opened(registry, { "Lease-Token": token });
    await heal(registry, await socket.received(), token);
    const taken = await registry.callTool({ text: "hello" }, { tool_call_id: "t1" });
    const [call] = callsOf(await socket.received());
    expect(call).toMatchObject({
      call_id: taken.body.call_id,
      tool_use_id: "t1",
      payload: { text: "hello" },
    });
    expect((await registry.settle(token, call!, { result: { text: "HELLO" } })).status).toBe(200);
    expect((await registry.result(taken.body)).body).toMatchObject({
      status: "done",
      result: { text: "HELLO" },
    });
  });

  it("is opened with a key, by the toolset's owner and by an admin, and by nobody else", async () => {
    const registry = openToolsets({ backend: openBackend(), access: await keysAccess(KEYS) });
    const token = await registry.offer({}, bearer("owner-token"));
    for (const headers of [
      { ...bearer("owner-token"), "Lease-Token": token },
      bearer("owner-token"),
      bearer("admin-token"),
    ]) {
      const socket = await opened(registry, headers);
      expect(pingsOf(await socket.received())).toHaveLength(1);
    }
    const refused: [Record<string, string>, [number, string]][] = [
      [{}, [401, "unauthorized"]],
      [bearer("nobody's"), [401, "unauthorized"]],
      [bearer("reader-token"), [403, "forbidden"]],
      [bearer("other-token"), [403, "forbidden"]],
      [bearer("abroad-token"), [404, "toolset_not_found"]],
    ];
    for (const [headers, expected] of refused) {
      expect(await refusal(await upgrade(registry, headers))).toEqual(expected);
    }
    const load = await registry.get<{ consumers: number }>(
      "/v1/toolsets/tools/calls",
      bearer("reader-token"),
    );
    expect(load.body).toMatchObject({ consumers: 1 });
  });

  it("has at most as many calls as it takes, one unless it says otherwise", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.serve();
    for (let n = 0; n < 4; n += 1) await registry.callTool();
    const { webSocket } = await upgrade(registry, { "Lease-Token": token }, "?consumer=modest");
    expect(await new ProviderSocket(webSocket!).calls()).toHaveLength(1);
    const two = await opened(registry, { "Lease-Token": token });
    expect(await two.calls()).toHaveLength(2);
  });

  it("is closed with 4410 when its toolset is registered anew or removed", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const token = await registry.offer();
    const first = await opened(registry, { "Lease-Token": token });
    const next = await registry.offer();
    expect(await first.closed).toBe(4410);
    expect(await refusal(await upgrade(registry, { "Lease-Token": token }))).toEqual([409, "lease_lost"]);
    const second = await opened(registry, { "Lease-Token": next });
    await registry.call("DELETE", "/v1/toolsets/tools", undefined, { "Lease-Token": next });
    expect(await second.closed).toBe(4410);
    expect(await refusal(await upgrade(registry, { "Lease-Token": next }))).toEqual([409, "lease_lost"]);
  });

  it("is no socket unless it asks to be one", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const headers = { "Lease-Token": await registry.offer() };
    for (const asked of [{}, { Upgrade: "h2c" }, { Connection: "Upgrade" }]) {
      const response = await registry.fetch(`${PATH}?consumer=s1`, { headers: { ...headers, ...asked } });
      expect(await refusal(response)).toEqual([426, "upgrade_required"]);
    }
    const { status } = await upgrade(registry, { ...headers, Upgrade: "WebSocket" });
    expect(status).toBe(101);
  });

  it("is refused where the question makes no sense", async () => {
    const registry = openToolsets({ backend: openBackend() });
    const headers = { "Lease-Token": await registry.offer() };
    const nonsense = ["", "?consumer=", "?consumer=s1&max=0", "?consumer=s1&max=101", "?consumer=s1&wait=1"];
    for (const query of [...nonsense, `?consumer=${"x".repeat(129)}`]) {
      expect(await refusal(await upgrade(registry, headers, query))).toEqual([400, "invalid_request"]);
    }
    const unknown = await registry.fetch("/v1/toolsets/unknown/claims?consumer=s1", { headers: UPGRADE });
    expect(await refusal(unknown)).toEqual([404, "toolset_not_found"]);
  });
});
