import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createApp } from "../../../src/http/app.ts";
import { namespaces } from "../../../src/registry/namespace.ts";
import { endpoints } from "../../../src/http/routes.ts";
import { apiKeys, basic, bearer, digestOf, keysAccess, type TestKey } from "../../support/keys.ts";
import { Registry, START } from "../../support/registry.ts";
import { embeddedBackend } from "../../support/stores.ts";
import { durableWebhooks } from "../../../src/webhooks/durable-webhooks.ts";

const READ: TestKey = { name: "reader", token: "token-of-reader", scopes: ["read"] };
const ROBIN: TestKey = { name: "robin", token: "token-of-robin", scopes: ["read", "write"] };
const AGENT = { name: "agent", type: "worker" };

interface Refusal {
  code: string;
  detail: string;
}

/** A deployment with just this environment, asked at any host. */
function deployment(env: Record<string, unknown>) {
  const { open, openPool, openGateway, webhooksStub } = embeddedBackend();
  const { access, signingKey, lease, ping, resultKeptMs, eventsKept } = parseConfig(env);
  const clock = () => START;
  const platform = {
    openStore: open,
    openPool,
    openGateway,
    openWebhooks: (namespace: string) => durableWebhooks(() => webhooksStub(namespace)),
    keysOf: () => [],
    signingKey,
    lease,
    ping,
    resultKeptMs,
    eventsKept,
    hubsPerRegion: 1,
    heartbeatsPerSecondMax: 0,
    clock,
    pause: async () => {},
  };
  const prober = { fetch, allowLoopback: access.mode === "open", timeoutMs: 500 };
  const app = createApp({ access, open: namespaces({ ...platform, prober }), clock });
  return async (url: string, init?: RequestInit) => {
    const response = await app.request(new Request(url, init));
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

/** A refusal as RFC 9457 has it, to an MCP client within a JSON-RPC error. */
function refusalIn({ text }: { text: string }): Refusal {
  const body = JSON.parse(text) as Refusal | { error: { data: Refusal } };
  return "code" in body ? body : body.error.data;
}

describe("a deployment that is not configured", () => {
  it("answers nothing but what takes no key, and says what to set", async () => {
    const ask = deployment({});
    const keyless = ["/health"];
    for (const path of keyless) expect((await ask(`http://localhost${path}`)).status).toBe(200);
    for (const { method, path } of endpoints.filter((endpoint) => !keyless.includes(endpoint.path))) {
      const answer = await ask(`http://localhost${path.replace(/:\w+/g, "a")}`, { method });
      expect(answer.status, path).toBe(503);
      expect(answer.headers.get("Retry-After"), path).toBe("60");
      expect(refusalIn(answer), path).toMatchObject({
        code: "not_configured",
        detail: expect.stringContaining("API_KEYS") as string,
      });
    }
    expect((await ask("http://localhost/nowhere")).status).toBe(503);
  });

  it("is what the Worker of this repository is until somebody sets a secret", async () => {
    const answer = await exports.default.fetch("http://localhost/v1/agents");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "not_configured" });
    expect((await exports.default.fetch("http://localhost/health")).status).toBe(200);
  });

  it.each([
    { name: "API_KEYS", env: { API_KEYS: '[{"name":"hunter2"}]' } },
    { name: "API_KEYS_2", env: { API_KEYS_2: "hunter2" } },
    { name: "UPSTASH_REDIS_REST_TOKEN", env: { UPSTASH_REDIS_REST_URL: "https://hunter2.example" } },
    { name: "UPSTASH_REDIS_REST_URL", env: { UPSTASH_REDIS_REST_TOKEN: "hunter2" } },
    { name: "REDIS_TIMEOUT_MS", env: { REDIS_TIMEOUT_MS: "hunter2" } },
    { name: "REDIS_READS", env: { REDIS_READS: "hunter2" } },
    { name: "AGENT_TTL_SECONDS", env: { AGENT_TTL_SECONDS: "hunter2" } },
    { name: "ACCESS", env: { ACCESS: "hunter2" } },
  ])(
    "is one whose $name makes no sense, even for a good key: named, and not its value",
    async ({ name, env }) => {
      const ask = deployment({ ACCESS: "open", API_KEYS_9: await apiKeys([ROBIN]), ...env });
      const answer = await ask("http://localhost/v1/agents", { headers: bearer(ROBIN.token) });
      expect(answer.status).toBe(503);
      expect(refusalIn(answer).detail).toMatch(new RegExp(`\\b${name}\\b`));
      expect(answer.text).not.toContain("hunter2");
      expect((await ask("http://localhost/health")).status).toBe(200);
    },
  );
});

describe("open access", () => {
  it.each([
    { host: "localhost", status: 200 },
    { host: "localhost:8787", status: 200 },
    { host: "LOCALHOST", status: 200 },
    { host: "127.0.0.1:8787", status: 200 },
    { host: "127.1.2.3", status: 200 },
    { host: "[::1]:8787", status: 200 },
    { host: "127.0.0.1.evil.com", status: 403 },
    { host: "localhost.evil.com", status: 403 },
    { host: "evil-localhost", status: 403 },
    { host: "example.com", status: 403 },
    { host: "0.0.0.0", status: 403 },
    { host: "128.0.0.1", status: 403 },
    { host: "10.127.0.1", status: 403 },
    { host: "[::2]", status: 403 },
  ])("answers $status at $host", async ({ host, status }) => {
    const ask = deployment({ ACCESS: "open" });
    const answer = await ask(`http://${host}/v1/agents`);
    expect(answer.status).toBe(status);
    const refused = status === 403;
    expect(answer.text.includes('"forbidden"')).toBe(refused);
    expect(answer.text.includes("API_KEYS")).toBe(refused);
    expect((await ask(`http://${host}/health`)).status).toBe(200);
  });

  it.each([
    { origin: "http://localhost:3000", status: 201 },
    { origin: "http://127.0.0.1", status: 201 },
    { origin: "http://[::1]:3000", status: 201 },
    { origin: "https://evil.com", status: 403 },
    { origin: "http://localhost.evil.com", status: 403 },
    { origin: "http://127.0.0.1.evil.com", status: 403 },
    { origin: "null", status: 403 },
    { origin: "not a url", status: 403 },
  ])("answers $status to a page of $origin", async ({ origin, status }) => {
    const ask = deployment({ ACCESS: "open" });
    const answer = await ask("http://localhost/v1/agents", {
      method: "POST",
      body: JSON.stringify(AGENT),
      headers: { "Content-Type": "application/json", Origin: origin },
    });
    expect(answer.status).toBe(status);
    expect(answer.text.includes('"forbidden"')).toBe(status === 403);
  });

  it("counts the Host header too, so that a name rebound to loopback reads nothing", async () => {
    const ask = deployment({ ACCESS: "open" });
    const rebound = await ask("http://localhost/v1/agents", { headers: { Host: "evil.example:8787" } });
    expect(refusalIn(rebound)).toMatchObject({ code: "forbidden", status: 403 });
    expect((await ask("http://localhost/v1/agents", { headers: { Host: "localhost:8787" } })).status).toBe(
      200,
    );
  });

  it.each([
    { site: "cross-site", mode: "no-cors", dest: "image", path: "/v1/agents", status: 403 },
    { site: "cross-site", mode: "navigate", dest: "document", path: "/v1/services/llm/resolve", status: 403 },
    { site: "cross-site", mode: "navigate", dest: "iframe", path: "/", status: 403 },
    { site: "cross-site", mode: "navigate", dest: "document", path: "/", status: 200 },
    { site: "same-origin", mode: "cors", dest: "empty", path: "/v1/agents", status: 200 },
    { site: "none", mode: "navigate", dest: "document", path: "/v1/agents", status: 200 },
  ])("answers $status to $mode of a $dest, $site, at $path", async ({ site, mode, dest, path, status }) => {
    const ask = deployment({ ACCESS: "open" });
    const headers = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest };
    expect((await ask(`http://localhost${path}`, { headers })).status).toBe(status);
  });

  it("yields to keys where both are set", async () => {
    const ask = deployment({ ACCESS: "open", API_KEYS: await apiKeys([ROBIN]) });
    expect((await ask("http://localhost/v1/agents")).status).toBe(401);
    expect((await ask("http://example.com/v1/agents", { headers: bearer(ROBIN.token) })).status).toBe(200);
  });

  it.each(["a", "team-1", "0", "-", "n".repeat(63)])(
    "keeps the namespace %s to itself",
    async (namespace) => {
      const registry = new Registry();
      const there = { "Rollcall-Namespace": namespace };
      await registry.register({ id: "a" }, there);
      expect((await registry.get("/v1/agents/a", there)).status).toBe(200);
      expect((await registry.get("/v1/agents/a")).status).toBe(404);
      expect((await registry.get("/v1/agents/a", { "Rollcall-Namespace": "elsewhere" })).status).toBe(404);
    },
  );

  it("means the namespace `default` where none is named", async () => {
    const registry = new Registry();
    await registry.register({ id: "a" });
    expect((await registry.get("/v1/agents/a", { "Rollcall-Namespace": "default" })).status).toBe(200);
  });

  it.each(["", "Team", "a_b", "a.b", "a/b", "a:b", "*", "n".repeat(64)])(
    "refuses the namespace %j",
    async (namespace) => {
      const { status, body } = await new Registry().get("/v1/agents", { "Rollcall-Namespace": namespace });
      expect(status).toBe(400);
      expect(body).toMatchObject({
        code: "invalid_request",
        errors: [{ pointer: "/Rollcall-Namespace" }],
      });
    },
  );
});

describe("access by key", () => {
  const keyed = async (...keys: TestKey[]) => new Registry({ access: await keysAccess(keys) });

  it.each(["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "])("takes the scheme %j", async (scheme) => {
    const registry = await keyed(ROBIN);
    const { status } = await registry.get("/v1/agents", { Authorization: `${scheme} ${ROBIN.token}` });
    expect(status).toBe(200);
  });

  it.each(["Basic", "basic", "BASIC", "Basic  "])(
    "takes it as the password of %j, for any user",
    async (scheme) => {
      const registry = await keyed(ROBIN);
      for (const user of ["robin", "agent", "", "a b", "ü"]) {
        const [, credentials] = basic(user, ROBIN.token).Authorization.split(" ");
        const headers = { Authorization: `${scheme} ${credentials}` };
        for (const path of ["/v1/agents", "/agents", "/ready", "/"]) {
          expect((await registry.fetch(path, { headers })).status, path).toBe(200);
        }
        await registry.register({ id: "a" }, headers);
        expect((await registry.get("/v1/agents/a", headers)).body).toMatchObject({ owner: ROBIN.name });
      }
    },
  );

  it("takes a password with colons for the key whole", async () => {
    const colons: TestKey = { ...ROBIN, token: "a:b:c" };
    const registry = await keyed(colons);
    expect((await registry.get("/v1/agents", basic("robin", colons.token))).status).toBe(200);
    expect((await registry.get("/v1/agents", basic("a", "b:c"))).status).toBe(401);
  });

  it("does not take an empty password for a key, though its digest be listed", async () => {
    const registry = await keyed({ ...ROBIN, token: "" });
    expect((await registry.get("/v1/agents", basic("robin", ""))).status).toBe(401);
  });

  it("gives a password no more than the key's scopes", async () => {
    const registry = await keyed(READ);
    expect((await registry.post("/v1/agents", AGENT, basic("admin", READ.token))).status).toBe(403);
  });

  it.each([
    ["nothing", {}],
    ["an empty header", { Authorization: "" }],
    ["no token", { Authorization: "Bearer" }],
    ["a token nobody issued", bearer("nobody's")],
    ["a token in other case", bearer(ROBIN.token.toUpperCase())],
    ["a token cut short", bearer(ROBIN.token.slice(0, -1))],
    ["two tokens", { Authorization: `Bearer ${ROBIN.token} ${ROBIN.token}` }],
    ["a token without a scheme", { Authorization: ROBIN.token }],
    ["a scheme that ends in bearer", { Authorization: `Forbearer ${ROBIN.token}` }],
    ["a key as the user", basic(ROBIN.token, "")],
    ["a key as the user alone", { Authorization: `Basic ${btoa(ROBIN.token)}` }],
    ["a password nobody issued", basic(ROBIN.name, "nobody's")],
    ["a password that has more than the key", basic(ROBIN.name, `${ROBIN.token} x`)],
    ["no password", basic(ROBIN.name, "")],
    ["a key that is not in base64", { Authorization: `Basic robin:${ROBIN.token}` }],
    ["a key without a user that is not in base64", { Authorization: `Basic ${ROBIN.token}` }],
    ["basic authentication of another scheme", { Authorization: `Digest ${btoa(`robin:${ROBIN.token}`)}` }],
    ["the name of a key", bearer(ROBIN.name)],
  ])("refuses %s with 401, and says how to ask", async (_, headers: Record<string, string>) => {
    const registry = await keyed(ROBIN);
    for (const path of ["/v1/agents", "/agents/a", "/ready", "/nowhere", "/health/"]) {
      const answer = await registry.get(path, headers);
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
      expect(answer.body).toMatchObject({ code: "unauthorized" });
    }
  });

  it("tells who sent no key from who sent one that is not known, and repeats it to neither", async () => {
    const registry = await keyed(ROBIN);
    const details = await Promise.all(
      [{}, bearer("nobodys-key"), basic("robin", "nobodys-key")].map(
        async (headers) => (await registry.get("/v1/agents", headers)).body["detail"],
      ),
    );
    expect(details).toEqual([
      "Send Authorization: Bearer <API key>.",
      "The API key that was sent is none of this deployment's.",
      "The API key that was sent is none of this deployment's.",
    ]);
  });

  it("does not take the digest of a key for the key", async () => {
    const registry = await keyed(ROBIN);
    expect((await registry.get("/v1/agents", bearer(await digestOf(ROBIN.token)))).status).toBe(401);
  });

  it("asks a stranger for a key before it looks at what was sent", async () => {
    const registry = await keyed(ROBIN);
    const huge = "x".repeat(300 * 1024);
    expect((await registry.fetch("/v1/agents", { method: "POST", body: huge })).status).toBe(401);
    expect((await registry.post("/v1/agents", AGENT, bearer(READ.token))).status).toBe(401);
  });

  it("asks for the scope before it looks at what was sent", async () => {
    const registry = await keyed(READ);
    expect((await registry.post("/v1/agents", { nonsense: true }, bearer(READ.token))).status).toBe(403);
  });

  it("keeps a key in its namespace, whatever the header says", async () => {
    const here: TestKey = { ...ROBIN, token: "token-here", namespace: "here" };
    const there: TestKey = { ...ROBIN, token: "token-there", namespace: "there", scopes: ["admin"] };
    const registry = await keyed(here, there);
    await registry.register({ id: "a" }, { ...bearer(here.token), "Rollcall-Namespace": "there" });
    expect((await registry.get("/v1/agents/a", bearer(here.token))).status).toBe(200);

    const intruder = { ...bearer(there.token), "Rollcall-Namespace": "here" };
    const entry = await registry.get("/v1/agents/a", intruder);
    expect(entry.status).toBe(404);
    expect(entry.body).toMatchObject({ code: "agent_not_found" });
    for (const path of ["/v1/agents", "/agents", "/v1/events", "/v1/capabilities"]) {
      expect((await registry.get(path, intruder)).body, path).toMatchObject({ count: 0 });
    }
    expect((await registry.get("/v1/discover", intruder)).body).toMatchObject({
      agents: [],
      total_matches: 0,
    });
    expect((await registry.get("/v1/stats", intruder)).body).toMatchObject({ total_components: 0 });
  });

  it("lets two keys of one name own the same entries, while one replaces the other", async () => {
    const renewed: TestKey = { ...ROBIN, token: "token-of-robin-2" };
    const registry = await keyed(ROBIN, renewed);
    await registry.register({ id: "a" }, bearer(ROBIN.token));
    expect((await registry.post("/v1/agents/a/drain", undefined, bearer(renewed.token))).status).toBe(200);
    const replaced = await registry.register({ id: "a" }, bearer(renewed.token));
    expect(replaced.outcome).toBe("replaced");
    const beat = await registry.post("/agents/a/heartbeat", {}, bearer(ROBIN.token));
    expect(beat.status).toBe(200);
  });

  it("takes keys from API_KEYS_2 as well", async () => {
    const second: TestKey = { ...ROBIN, name: "wren", token: "token-of-wren" };
    const registry = new Registry({
      env: { API_KEYS: await apiKeys([ROBIN]), API_KEYS_2: await apiKeys([second]) },
    });
    for (const [id, { name, token }] of Object.entries({ a: ROBIN, b: second })) {
      await registry.register({ id }, bearer(token));
      expect((await registry.get(`/v1/agents/${id}`, bearer(token))).body).toMatchObject({ owner: name });
    }
  });
});

describe("CORS", () => {
  const preflight = {
    method: "OPTIONS",
    headers: {
      Origin: "https://dashboard.example",
      "Access-Control-Request-Method": "DELETE",
      "Access-Control-Request-Headers": "authorization, lease-token",
    },
  };

  it("answers a preflight without a key, where keys are asked for", async () => {
    const registry = new Registry({ access: await keysAccess([ROBIN]) });
    const { status, headers } = await registry.fetch("/v1/agents/a", preflight);
    expect(status).toBe(204);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.get("Access-Control-Allow-Methods")?.split(",")).toEqual(["GET", "POST", "PUT", "DELETE"]);
    const allowed = headers.get("Access-Control-Allow-Headers")?.split(",");
    expect(allowed).toEqual(
      expect.arrayContaining(["Authorization", "Lease-Token", "Content-Type", "X-Rollcall-Sync"]),
    );
    expect(headers.has("Access-Control-Allow-Credentials")).toBe(false);
  });

  it.each([
    { what: "an answer", token: ROBIN.token, path: "/v1/agents", status: 200 },
    { what: "a refusal of the handler", token: ROBIN.token, path: "/v1/agents/nobody", status: 404 },
    { what: "a refusal at the door", token: "nobody's", path: "/v1/agents", status: 401 },
  ])("lets a page of any site read $what", async ({ token, path, status }) => {
    const registry = new Registry({ access: await keysAccess([ROBIN]) });
    const answer = await registry.get(path, { ...bearer(token), Origin: "https://dashboard.example" });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(answer.headers.get("Access-Control-Expose-Headers")?.split(",")).toContain("ETag");
  });

  it("is not offered under open access", async () => {
    const registry = new Registry();
    const refused = await registry.fetch("/v1/agents/a", preflight);
    expect(refused.status).toBe(403);
    const local = { ...preflight, headers: { ...preflight.headers, Origin: "http://localhost:3000" } };
    const answers = [
      refused,
      await registry.fetch("/v1/agents/a", local),
      await registry.fetch("/v1/agents", { headers: { Origin: "http://localhost:3000" } }),
    ];
    for (const { headers } of answers) {
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});
