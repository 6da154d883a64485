import { beforeAll, describe, expect, it, vi } from "vitest";
import { KEYS } from "../../support/authorisation.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { scrape } from "../../support/scrape.ts";
import { redisBackend } from "../../support/stores.ts";

type Level = "error" | "warn" | "log";
const lines: [level: Level, line: string][] = [];

beforeAll(() => {
  const spies = (["error", "warn", "log"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line) => void lines.push([level, String(line)])),
  );
  return () => spies.forEach((spy) => spy.mockRestore());
});

/** What was logged of one request, each line with its level; the request's id is taken out. */
const logged = (id: string) =>
  lines
    .filter(([, line]) => line.includes(id))
    .map(([level, line]) => {
      const { request_id, ...rest } = JSON.parse(line) as Record<string, unknown>;
      expect(request_id).toBe(id);
      return { level, ...rest };
    });

const AGENT = { id: "a", services: [{ service: "llm" }] };

async function inhabited() {
  const backend = redisBackend();
  const registry = new Registry({ backend, access: await keysAccess(KEYS) });
  const { lease_token: stale } = await registry.register(AGENT, bearer("key-owner"));
  const { lease_token: current } = await registry.register(AGENT, bearer("key-owner"));
  /** Sends a request, and gives what was logged of it. */
  async function ask(key: string | null, method: string, path: string, body?: unknown, token?: string) {
    const id = crypto.randomUUID();
    await registry.fetch(path, {
      method,
      headers: {
        "X-Request-Id": id,
        ...(key !== null && bearer(key)),
        ...(token !== undefined && { "Lease-Token": token }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return logged(id);
  }
  return { registry, backend, ask, stale, current };
}

describe("a refusal of authority", () => {
  it.each([
    {
      what: "no key",
      key: null,
      method: "GET",
      path: "/v1/agents",
      line: { operation: "listAgents", namespace: null, key: null, status: 401, code: "unauthorized" },
    },
    {
      what: "a key that nobody issued, where there is no route",
      key: "key-unknown",
      method: "GET",
      path: "/nowhere",
      line: { operation: null, namespace: null, key: null, status: 401, code: "unauthorized" },
    },
    {
      what: "a key without the scope",
      key: "key-read",
      method: "POST",
      path: "/v1/sweep",
      line: { operation: "sweep", namespace: "default", key: "reader", status: 403, code: "forbidden" },
    },
    {
      what: "another's key",
      key: "key-other",
      method: "POST",
      path: "/v1/agents/a/drain",
      line: { operation: "drainAgent", namespace: "default", key: "wren", status: 403, code: "forbidden" },
    },
  ])("is one line, with whose it was: $what", async ({ key, method, path, line }) => {
    const { ask } = await inhabited();
    expect(await ask(key, method, path)).toEqual([{ level: "warn", method, ...line }]);
  });

  it("is one line where a lease is lost, without its token", async () => {
    const { ask, stale } = await inhabited();
    const [line, ...others] = await ask("key-owner", "POST", "/v1/agents/a/heartbeat", {}, stale);
    expect(line).toEqual({
      level: "warn",
      method: "POST",
      operation: "heartbeat",
      namespace: "default",
      key: "robin",
      status: 409,
      code: "lease_lost",
    });
    expect(others).toEqual([]);
  });

  it("is one line for all items of a batch that were refused so, and counts each", async () => {
    const { ask, stale, registry } = await inhabited();
    const register = async (id: string) => (await registry.register({ id }, bearer("key-owner"))).lease_token;
    const [staleToo] = [await register("b"), await register("b")];
    const heartbeats = [
      { id: "a", lease_token: stale },
      { id: "b", lease_token: staleToo },
      { id: "c", lease_token: await register("c") },
      { id: "nobody", lease_token: staleToo },
    ];
    const [line, ...others] = await ask("key-owner", "POST", "/v1/heartbeats", { heartbeats });
    expect(line).toMatchObject({ level: "warn", operation: "heartbeats", code: "lease_lost", items: 2 });
    expect(others).toEqual([]);
    const { of } = await scrape(registry, bearer("key-read"));
    expect(of("refusals_total")).toMatchObject({ lease_lost: 2 });
  });
});

describe("an admin's act", () => {
  it.each([
    ["drainAgent", "POST", "/v1/agents/a/drain"],
    ["cancelDrain", "DELETE", "/v1/agents/a/drain"],
    ["unregisterAgent", "DELETE", "/v1/agents/a"],
    ["unregisterAgents", "DELETE", "/v1/agents?prefix=a"],
    ["importAgents", "POST", "/v1/agents/import", { components: [] }],
    ["sweep", "POST", "/v1/sweep"],
    ["setServicePriority", "PUT", "/v1/runtime/services/a/priority", { priority: "low" }],
    ["resetCircuitBreakers", "POST", "/v1/runtime/services/circuit-breakers/reset"],
    ["checkServices", "POST", "/v1/services/health-checks"],
  ])("is one line: %s", async (operation, method, path, body?: unknown) => {
    const { ask } = await inhabited();
    const status = operation === "unregisterAgent" ? 204 : 200;
    expect(await ask("key-admin", method, path, body)).toEqual([
      { level: "log", method, operation, namespace: "default", key: "boss", status },
    ]);
  });
});

describe("a failure", () => {
  it("is one line, with the name of its cause and nothing of what that says", async () => {
    const { ask, backend } = await inhabited();
    await backend.bridge.fail({ kind: "command-error" });
    const [line, ...others] = await ask("key-read", "GET", "/v1/agents");
    expect(line).toEqual({
      level: "error",
      method: "GET",
      operation: "listAgents",
      namespace: "default",
      key: "reader",
      status: 503,
      code: "store_unavailable",
      detail: expect.stringContaining("The store did not answer") as string,
      cause: expect.stringMatching(/^\w+$/) as string,
    });
    expect(others).toEqual([]);
  });
});

describe("what everybody does every day", () => {
  it.each([
    ["a read", "key-read", "GET", "/v1/agents"],
    ["an admin's read", "key-admin", "GET", "/v1/agents/a"],
    ["an owner's drain", "key-owner", "POST", "/v1/agents/a/drain"],
    ["an unregistration by its owner", "key-owner", "POST", "/agents/a/unregister"],
    ["an admin's registration", "key-admin", "POST", "/v1/agents", { name: "n", type: "t" }],
    ["a bad request", "key-read", "GET", "/v1/agents?limit=0"],
    ["what is not there", "key-read", "GET", "/v1/agents/b"],
    ["a service that nobody offers", "key-read", "GET", "/v1/services/ready?service=b&timeout=0"],
    ["a page without a key", null, "GET", "/"],
  ])("is no line: %s", async (_what, key, method, path, body?: unknown) => {
    const { ask } = await inhabited();
    expect(await ask(key, method, path, body)).toEqual([]);
  });

  it("is no line: a heartbeat", async () => {
    const { ask, current } = await inhabited();
    expect(await ask("key-owner", "POST", "/v1/agents/a/heartbeat", { status: "busy" }, current)).toEqual([]);
  });
});
