import { describe, expect, it } from "vitest";
import { endpoints } from "../../../src/http/routes.ts";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

const TICKING = [
  "age_ms",
  "last_seen",
  "last_pong",
  "expires_at",
  "as_of",
  "query_time_ms",
  "timestamp",
  "waited_ms",
];
const RESOLVE = "/v1/services/:service/resolve";
/** Asked again, they are another selection, and other numbers: nobody may keep their answers. */
const UNKEPT = [RESOLVE, "/metrics"];
const READS = endpoints
  .filter(({ scope, path }) => scope === "read" && !UNKEPT.includes(path))
  .map(({ path }) => path);
const QUERIES: Record<string, string> = {
  "/v1/services/ready": "?service=llm",
  "/v1/toolsets/search": "?q=tools",
};
const pathOf = (path: string) =>
  path.replace(":id", "a").replace(":type", "worker").replace(":service", "llm").replace(":name", "tools") +
  (QUERIES[path] ?? "");

describe("every answer", () => {
  it.each([
    { what: "a read", method: "GET", path: "/v1/agents/a", status: 200 },
    { what: "a change", method: "POST", path: "/v1/agents/a/drain", status: 200 },
    { what: "a removal", method: "DELETE", path: "/v1/agents/a", status: 204 },
    { what: "bad input", method: "GET", path: "/v1/agents?nonsense=1", status: 400 },
    { what: "no such agent", method: "GET", path: "/v1/agents/b", status: 404 },
    { what: "no such agent, to source 2's clients", method: "GET", path: "/agents/b", status: 404 },
    { what: "no such route", method: "GET", path: "/nowhere", status: 404 },
    { what: "no such method", method: "PUT", path: "/v1/agents", status: 405 },
    { what: "health", method: "GET", path: "/health", status: 200 },
  ])("carries what it must: $what", async ({ method, path, status }) => {
    const registry = new Registry();
    await registry.register({ id: "a" });
    const answer = await registry.call(method, path, undefined, { "X-Request-Id": "trace_1-a=" });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("X-Request-Id")).toBe("trace_1-a=");
    expect(answer.headers.get("Server-Timing")).toMatch(/^total;dur=\d+$/);
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    const kept = path === "/v1/agents/a" && method === "GET";
    expect(answer.headers.get("Cache-Control")).toBe(kept ? "private, no-cache" : "no-store");
    expect(answer.headers.has("ETag")).toBe(kept);
  });

  it.each(["no key", "no configuration"])("carries it at the door too: %s", async (why) => {
    const access = why === "no key" ? await keysAccess([]) : ({ mode: "closed", why } as const);
    const { headers } = await new Registry({ access }).get("/v1/agents", { "X-Request-Id": "mine" });
    expect(headers.get("X-Request-Id")).toBe("mine");
    expect(headers.get("Server-Timing")).toMatch(/^total;dur=\d+$/);
    expect(headers.get("Cache-Control")).toBe("no-store");
  });

  it.each(["has space", "<script>", "a.b", "é", "x".repeat(256), ""])(
    "has an id of our own where the one sent is %j",
    async (sent) => {
      const registry = new Registry();
      const { headers, body } = await registry.get("/nowhere", { "X-Request-Id": sent });
      const id = headers.get("X-Request-Id");
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(body["instance"]).toBe(`urn:request:${id}`);
    },
  );

  it("has an id that no other answer has", async () => {
    const registry = new Registry();
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await registry.get("/health")).headers.get("X-Request-Id")),
    );
    expect(new Set(ids).size).toBe(8);
  });
});

describe("X-Rollcall-Sync", () => {
  it.each(["", "?", "nothing", "a=", "a=b&c", "a=%0Ab", "a=%00", "a=é", "="])(
    "is refused where no answer can have had it: %j",
    (sent) => expectRefusal(sent),
  );

  it("is refused where it is longer than any can be", () => expectRefusal(`a=${"b".repeat(8191)}`));

  async function expectRefusal(sent: string) {
    const { status, body } = await new Registry().get("/v1/agents", { "X-Rollcall-Sync": sent });
    expect([status, body]).toMatchObject([400, { errors: [{ pointer: "/X-Rollcall-Sync" }] }]);
  }

  it("is taken, and given by no answer of its own, where everybody reads what was written last", async () => {
    const registry = new Registry();
    const { headers } = await registry.post("/v1/agents", { name: "a", type: "worker" });
    expect(headers.has("X-Rollcall-Sync")).toBe(false);
    expect((await registry.get("/v1/agents", { "X-Rollcall-Sync": "a=b" })).status).toBe(200);
  });
});

describe.each(BACKENDS)("a read on $backend", ({ openBackend }) => {
  async function inhabited() {
    const registry = new Registry({ backend: openBackend() });
    const { lease_token } = await registry.register({
      id: "a",
      capabilities: ["spot"],
      services: [{ service: "llm" }],
      metadata: Object.fromEntries(TICKING.map((name) => [name, "first"])),
    });
    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });
    const etagOf = async (path: string) => (await registry.get(path)).headers.get("ETag")!;
    return { registry, etagOf, beat: (body: unknown) => registry.heartbeat("a", lease_token, body) };
  }

  it.each(READS)("of %s has a weak ETag, and is not sent again to who has it", async (path) => {
    const { registry } = await inhabited();
    const first = await registry.get(pathOf(path));
    expect(first.status).toBe(200);
    expect(first.headers.get("Cache-Control")).toBe("private, no-cache");
    const etag = first.headers.get("ETag");
    expect(etag).toMatch(/^W\/"[!-~]{16,80}"$/);

    const again = await registry.fetch(pathOf(path), { headers: { "If-None-Match": etag! } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
    expect(again.headers.get("ETag")).toBe(etag);
    expect(again.headers.get("Cache-Control")).toBe("private, no-cache");
  });

  it.each(READS)("of %s keeps its ETag while nothing passes but time", async (path) => {
    const { registry, etagOf } = await inhabited();
    const before = await etagOf(pathOf(path));
    await registry.pass(45_000);
    expect(await etagOf(pathOf(path))).toBe(before);
  });

  it.each(["/v1/agents/a", "/v1/agents", "/v1/discover", "/agents", "/agents/a"])(
    "of %s keeps its ETag through a heartbeat that says nothing new",
    async (path) => {
      const { registry, etagOf, beat } = await inhabited();
      const before = await etagOf(path);
      await registry.pass(10_000);
      expect((await beat({ status: "available", current_load: 0 })).status).toBe(200);
      expect(await etagOf(path)).toBe(before);
    },
  );

  it.each([
    "/v1/agents/a",
    "/v1/agents",
    "/v1/discover?status=available&status=busy",
    "/agents",
    "/agents/a",
  ])("of %s changes its ETag when status or metadata change, whatever a key is called", async (path) => {
    const { registry, etagOf, beat } = await inhabited();
    const seen = [await etagOf(path)];
    await beat({ status: "busy" });
    seen.push(await etagOf(path));
    for (const name of TICKING) {
      await beat({ metadata: { [name]: "second" } });
      seen.push(await etagOf(path));
    }
    expect(new Set(seen).size).toBe(seen.length);

    const sent = await registry.fetch(path, { headers: { "If-None-Match": seen[0]! } });
    expect(sent.status).toBe(200);
    expect(await sent.text()).not.toBe("");
  });

  it.each(["/v1/agents/a", "/v1/agents", "/v1/discover"])(
    "of %s changes its ETag with the load",
    async (path) => {
      const { etagOf, beat } = await inhabited();
      const before = await etagOf(path);
      await beat({ current_load: 1 });
      expect(await etagOf(path)).not.toBe(before);
    },
  );

  it("changes its ETag when an agent says something else while it is drained", async () => {
    const { registry, etagOf, beat } = await inhabited();
    await registry.post("/v1/agents/a/drain");
    const before = await etagOf("/v1/agents/a");
    await beat({ status: "busy" });
    expect(await etagOf("/v1/agents/a")).not.toBe(before);
  });

  it("changes its ETag when an agent is drained that drains by itself", async () => {
    const { registry, etagOf, beat } = await inhabited();
    await beat({ status: "draining" });
    const before = await etagOf("/v1/agents/a");
    await registry.post("/v1/agents/a/drain");
    expect(await etagOf("/v1/agents/a")).not.toBe(before);
  });

  it("changes its ETag when an agent turns unreachable by time alone", async () => {
    const { registry, etagOf } = await inhabited();
    const before = await etagOf("/v1/agents/a");
    await registry.pass(45_001);
    expect(await etagOf("/v1/agents/a")).not.toBe(before);
  });

  it("counts a type called like something that ticks", async () => {
    const { registry, etagOf } = await inhabited();
    await registry.register({ id: "b", type: "last_seen", capabilities: ["age_ms"] });
    const before = { stats: await etagOf("/v1/stats"), capabilities: await etagOf("/v1/capabilities") };
    await registry.register({ id: "c", type: "last_seen", capabilities: ["age_ms"] });
    expect(await etagOf("/v1/stats")).not.toBe(before.stats);
    expect(await etagOf("/v1/capabilities")).not.toBe(before.capabilities);
  });
});

describe("a selection", () => {
  it("is made afresh for everybody, whatever they have already", async () => {
    const registry = new Registry();
    await registry.register({ id: "a", services: [{ service: "llm" }] });
    const { status, headers } = await registry.get(pathOf(RESOLVE), { "If-None-Match": "*" });
    expect(status).toBe(200);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.has("ETag")).toBe(false);
  });
});

describe("If-None-Match", () => {
  it.each([
    { sent: (etag: string) => etag, status: 304 },
    { sent: (etag: string) => etag.replace("W/", ""), status: 304 },
    { sent: (etag: string) => `"other", ${etag}`, status: 304 },
    { sent: (etag: string) => `W/"other",${etag} , "more"`, status: 304 },
    { sent: () => "*", status: 304 },
    { sent: () => '"other"', status: 200 },
    { sent: (etag: string) => etag.toUpperCase(), status: 200 },
    { sent: (etag: string) => etag.replaceAll('"', ""), status: 200 },
    { sent: () => "", status: 200 },
  ])("is compared weakly, tag by tag: $sent is $status", async ({ sent, status }) => {
    const registry = new Registry();
    await registry.register({ id: "a", capabilities: ["abc"] });
    const etag = (await registry.get("/v1/agents/a")).headers.get("ETag")!;
    const answer = await registry.fetch("/v1/agents/a", { headers: { "If-None-Match": sent(etag) } });
    expect(answer.status).toBe(status);
  });

  it("means nothing to a write, nor to a refusal", async () => {
    const registry = new Registry();
    const any = { "If-None-Match": "*" };
    expect((await registry.post("/v1/agents", { name: "a", type: "worker" }, any)).status).toBe(201);
    expect((await registry.get("/v1/agents/nobody", any)).status).toBe(404);
  });
});

describe("methods", () => {
  it.each(["/v1/agents/a", "/v1/discover", "/agents", "/health"])(
    "HEAD %s is GET without a body",
    async (path) => {
      const registry = new Registry();
      await registry.register({ id: "a" });
      const get = await registry.fetch(path, { headers: { "X-Request-Id": "same" } });
      const head = await registry.fetch(path, { method: "HEAD", headers: { "X-Request-Id": "same" } });
      expect(head.status).toBe(200);
      expect(await head.text()).toBe("");
      expect([...head.headers]).toEqual([...get.headers]);
    },
  );

  it("HEAD tells who has it already, who is gone, and who may not ask", async () => {
    const registry = new Registry();
    await registry.register({ id: "a" });
    const head = async (path: string, headers: Record<string, string> = {}) =>
      (await registry.fetch(path, { method: "HEAD", headers })).status;
    const etag = (await registry.get("/v1/agents/a")).headers.get("ETag")!;
    expect(await head("/v1/agents/a", { "If-None-Match": etag })).toBe(304);
    expect(await head("/v1/agents/b")).toBe(404);
    const keyed = new Registry({ access: await keysAccess([]) });
    expect((await keyed.fetch("/v1/agents", { method: "HEAD", headers: bearer("x") })).status).toBe(401);
  });

  it.each([
    { method: "PUT", path: "/v1/agents", allow: "POST, GET, DELETE" },
    { method: "PATCH", path: "/v1/agents/agent%2Fa", allow: "GET, DELETE" },
    { method: "POST", path: "/v1/agents/a", allow: "GET, DELETE" },
    { method: "GET", path: "/v1/agents/a/drain", allow: "POST, DELETE" },
    { method: "GET", path: "/v1/sweep", allow: "POST" },
    { method: "POST", path: "/v1/discover", allow: "GET" },
    { method: "DELETE", path: "/agents/type/worker", allow: "GET" },
    { method: "POST", path: "/health", allow: "GET" },
    { method: "POST", path: "/v1/services/llm/resolve", allow: "GET" },
    { method: "GET", path: "/v1/runtime/services/a/priority", allow: "PUT" },
  ])("$method $path is 405, and says what the route takes", async ({ method, path, allow }) => {
    const { status, headers, body } = await new Registry().call(method, path);
    expect(status).toBe(405);
    expect(headers.get("Allow")).toBe(allow);
    expect(headers.get("Content-Type")).toBe("application/problem+json");
    expect(body).toMatchObject({ code: "method_not_allowed", status: 405 });
  });

  it.each([
    "/nowhere",
    "/v1",
    "/v1/agents/a/b",
    "/v1/agents/",
    "/openapiXjson",
    "/agents/a/b",
    "/V1/agents",
    "/health/x",
  ])("GET %s is 404 as problem+json", async (path) => {
    const { status, headers, body } = await new Registry().get(path);
    expect(status).toBe(404);
    expect(headers.get("Content-Type")).toBe("application/problem+json");
    expect(headers.has("Allow")).toBe(false);
    expect(body).toEqual({
      type: "http://localhost/errors/route_not_found",
      title: "No such route",
      status: 404,
      detail: body["detail"],
      instance: `urn:request:${headers.get("X-Request-Id")}`,
      code: "route_not_found",
      error: body["detail"],
    });
    expect(body["detail"]).toBeTypeOf("string");
  });
});
