import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { reachableGateways } from "../../support/gateways.ts";
import { openToolsets } from "../../support/toolsets.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { breakablePools } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

const DATA = ["/", "/ui/agents/agent%2Fa"];
const SECRET = "a-name-nobody-else-has";

const keyed = async () => {
  const registry = new Registry({
    access: await keysAccess([
      { name: "reader", token: "key-read", scopes: ["read"] },
      { name: "writer", token: "key-write", scopes: ["write"] },
      { name: "foreign", token: "key-foreign", scopes: ["admin"], namespace: "elsewhere" },
    ]),
  });
  await registry.register({ id: "agent/a", name: SECRET }, bearer("key-write"));
  return registry;
};

async function open(registry: Registry, path: string, headers?: Record<string, string>) {
  const response = await registry.fetch(path, headers ? { headers } : {});
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe.each(DATA)("the page %s", (path) => {
  it("runs nothing inline, loads nothing from elsewhere, and is framed by nobody", async () => {
    for (const registry of [new Registry(), await keyed()]) {
      const { headers, text } = await open(registry, path);
      expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      const policy = headers.get("Content-Security-Policy");
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(text).not.toMatch(/<script(?! type="module" src="\/ui\/)|<style| style=| on\w+=|https?:\/\//);
    }
  });

  it("stays nowhere: not with the browser, not between", async () => {
    for (const registry of [new Registry(), await keyed()]) {
      expect((await open(registry, path)).headers.get("Cache-Control")).toBe("no-store");
    }
  });

  it("opens without a key, and shows nothing of the registry", async () => {
    const { status, text, headers } = await open(await keyed(), path);
    expect(status).toBe(200);
    expect(text).toContain('<form id="key"');
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("agent/a");
    expect(headers.get("ETag")).toBeNull();
  });

  it("says 503 and what to set where nobody may do anything", async () => {
    const registry = new Registry({ access: { mode: "closed", why: "Set <API_KEYS>." } });
    const { status, text, headers } = await open(registry, path);
    expect(status).toBe(503);
    expect(headers.get("Retry-After")).toBe("60");
    expect(text).toContain("Set &lt;API_KEYS&gt;.");
  });

  it("takes GET, and says so", async () => {
    const { status, headers } = await new Registry().call("POST", path, {});
    expect([status, headers.get("Allow")]).toEqual([405, "GET"]);
  });
});

describe.each(DATA)("the data of %s", (path) => {
  it("is there at once under open access", async () => {
    const registry = new Registry();
    await registry.register({ id: "agent/a", name: SECRET });
    const { status, text } = await open(registry, path);
    expect(status).toBe(200);
    expect(text).toContain(SECRET);
  });

  it("is for keys that may read, in their own namespace", async () => {
    const registry = await keyed();
    expect((await open(registry, path, bearer("key-read"))).text).toContain(SECRET);
    const others = ["key-write", "key-foreign", "key-unknown"];
    const answers = await Promise.all(others.map((key) => open(registry, path, bearer(key))));
    expect(answers.map(({ status }) => status)).toEqual([403, path === "/" ? 200 : 404, 401]);
    for (const { text } of answers) expect(text).not.toContain(SECRET);
    expect(answers[2]!.text).toContain('<form id="key"');
  });

  it("is not sent again while nothing but the clock has moved on", async () => {
    const registry = new Registry();
    const { lease_token } = await registry.register({ id: "agent/a", name: SECRET });
    const etag = (await open(registry, path)).headers.get("ETag") ?? "";
    expect(etag).toMatch(/^W\//);
    await registry.pass(5000);
    await registry.heartbeat("agent/a", lease_token, { status: "available", current_load: 0 });
    const same = await open(registry, path, { "If-None-Match": etag });
    expect([same.status, same.text]).toEqual([304, ""]);
    await registry.heartbeat("agent/a", lease_token, { status: "busy", current_load: 0 });
    const changed = await open(registry, path, { "If-None-Match": etag });
    expect(changed.status).toBe(200);
    expect(changed.text).toContain('class="mark is-busy"');
  });

  it("shows an agent as unreachable the moment it is, with no heartbeat and no sweep", async () => {
    const registry = new Registry();
    await registry.register({ id: "agent/a", heartbeat_interval_seconds: 4, ttl_seconds: 60 });
    const etag = (await open(registry, path)).headers.get("ETag") ?? "";
    await registry.pass(6001);
    const { status, text } = await open(registry, path, { "If-None-Match": etag });
    expect(status).toBe(200);
    expect(text).toContain('class="mark is-unreachable"');
  });
});

describe.each(BACKENDS)("the overview on $backend", ({ openBackend }) => {
  it("shows agents, services with their selections, events and the last sweep", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "llm/one", capabilities: ["chat"], services: [{ service: "llm" }] });
    await registry.register({
      id: "llm/two",
      services: [{ service: "llm", priority: "LOW", priority_group: 1, strategy: "round_robin" }],
    });
    await registry.get("/v1/services/llm/resolve");
    await registry.post("/v1/sweep");
    const { text } = await open(registry, "/");
    const words = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    expect(words).toContain("2 agents alive");
    expect(words).toContain("any handler · group 0 · fallback llm/one normal closed");
    expect(words).toContain("any handler · group 1 · round robin llm/two low closed");
    expect(words).toContain("Last chosen 0 s ago: llm/one");
    expect(words).toContain("llm/two registered 0 s");
    expect(words).toContain("last sweep 0 s ago: 2 scanned");
  });

  it("filters by what stands in the address, and ignores what it does not know", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "in", type: "scout", capabilities: ["search"] });
    await registry.register({ id: "other", type: "coder" });
    const rows = async (query: string) =>
      [...(await open(registry, `/?${query}`)).text.matchAll(/<tr data-key="([^"]+)"/g)].map(([, id]) => id);
    expect(await rows("")).toEqual(["in", "other"]);
    expect(await rows("type=scout&utm_source=mail&q=")).toEqual(["in"]);
    expect(await rows("capability=search")).toEqual(["in"]);
    expect(await rows("q=OTHER")).toEqual(["other"]);
    expect(await rows("status=busy")).toEqual([]);
    expect((await open(registry, "/?status=nonsense")).status).toBe(400);
  });

  it("tells an agent's history after it is gone", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "agent/a", ttl_seconds: 2, heartbeat_interval_seconds: 1 });
    for (let minute = 0; minute <= 6; minute += 1) {
      await registry.pass(60_000);
      await registry.post("/v1/sweep");
    }
    const { status, text } = await open(registry, "/ui/agents/agent%2Fa");
    expect(status).toBe(404);
    expect(text).toContain("No live agent has this id");
    expect(text).toContain("is gone");
    expect(text).toContain("registered");
  });
});

describe.each(BREAKABLE)("the overview while $name is out", ({ openBreakable }) => {
  it("is the one that was found last, for 5 minutes, and says that it is old", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    await registry.register({ id: "agent/a", name: SECRET, ttl_seconds: 3600 });
    const fresh = await open(registry, "/?type=worker");
    expect(fresh.text).not.toMatch(/does not answer|data-stale/);
    await registry.pass(300_000);
    await fail();
    const { status, text, headers } = await open(registry, "/?type=worker");
    expect(status).toBe(200);
    expect(text).toContain(SECRET);
    expect(text).toMatch(/<main[^>]* data-stale/);
    expect(text).toMatch(/role="alert"[^]*The store does not answer[^]*2126-01-01T00:00:00\.000Z/);
    expect(headers.get("ETag")).not.toBe(fresh.headers.get("ETag"));
    // Of another filter nothing is known.
    expect((await open(registry, "/")).status).toBe(503);
    await registry.pass(1);
    expect((await open(registry, "/?type=worker")).status).toBe(503);
    await recover();
    expect((await open(registry, "/?type=worker")).text).not.toContain("data-stale");
  });

  it("is 503 and no empty list, until the store is back", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    await registry.register({ id: "agent/a", name: SECRET });
    await fail();
    const { status, headers, text } = await open(registry, "/");
    expect([status, headers.get("Retry-After")]).toEqual([503, "2"]);
    expect(headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(text).toContain("Nothing is known about its content");
    expect(text).not.toMatch(/No agent|0 agents/);
    await recover();
    expect((await open(registry, "/")).text).toContain(SECRET);
  });
});

it("shows everything else while a service's pool is out, and says so of that", async () => {
  const { backend, fail } = breakablePools(BACKENDS[1].openBackend());
  const registry = new Registry({ backend });
  await registry.register({ id: "agent/a", name: SECRET, services: [{ service: "llm" }] });
  await fail();
  const { status, text } = await open(registry, "/");
  expect(status).toBe(200);
  expect(text).toContain(SECRET);
  expect(text).toContain("Its pool does not answer");
});

it("shows each toolset with its health and its calls in flight, and still does when its gateway is down", async () => {
  const { backend, fail } = reachableGateways(BACKENDS[1].openBackend());
  const registry = openToolsets({ backend });
  await registry.serve({ version: "3.2.1" });
  await registry.callTool();
  const { text } = await open(registry, "/");
  expect(text).toContain("3.2.1");
  expect(text).toContain("1 call in flight");
  await fail();
  const without = await open(registry, "/");
  expect(without.status).toBe(200);
  expect(without.text).toContain("3.2.1");
  expect(without.text).not.toContain("in flight");
});

it("costs 5 requests to Redis, however many agents there are", async () => {
  const backend = redisBackend();
  const registry = new Registry({ backend });
  await Promise.all(Array.from({ length: 60 }, (_, i) => registry.register({ id: `agent/${i}` })));
  const { requests } = await backend.bridge.cost(() => open(registry, "/"));
  expect(requests).toBe(5);
});
