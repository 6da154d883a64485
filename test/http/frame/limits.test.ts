import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../../src/core/agents/agent.ts";
import { encodeCursor } from "../../../src/http/frame/cursor.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

// Written out, not imported: a limit that somebody moves must be seen to move.
const BODY_BYTES_MAX = 262_144;
const DOCUMENT_BYTES_MAX = 32_768;
const METADATA_BYTES_MAX = 16_384;

const agent = { name: "agent", type: "worker" };
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const text = (length: number) => "x".repeat(length);

/** So many objects, one within the other. */
const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });

/** `{"a":"xx…"}` of exactly that many bytes. */
const metadataOf = (bytes: number) => ({ a: text(bytes - sizeBytes({ a: "" })) });

const services = (count: number) => Array.from({ length: count }, (_, i) => ({ service: `s${i}` }));
const offer = (fields: object) => [{ service: "a", ...fields }];
const breaker = (fields: object) => offer({ circuit_breaker: fields });
const at = (field: string) => `/services/0/circuit_breaker/${field}`;

interface Refused {
  code: string;
  errors?: { pointer: string }[];
}

const FIELDS: [field: string, good: unknown, bad: unknown, pointer?: string][] = [
  ["id", text(256), text(257)],
  ["name", text(256), text(257)],
  ["name", "x", ""],
  ["type", text(64), text(65)],
  ["capabilities", times(100, "a"), times(101, "a")],
  [
    "capabilities",
    [{ name: "a", description: text(4096) }],
    [{ name: "a", description: text(4097) }],
    "/capabilities/0/description",
  ],
  ["tags", times(100, "a"), times(101, "a")],
  ["tags", [text(128)], [text(129)], "/tags/0"],
  ["services", services(100), services(101)],
  ["services", offer({ service: text(256) }), offer({ service: text(257) }), "/services/0/service"],
  ["services", offer({ handler: text(256) }), offer({ handler: "" }), "/services/0/handler"],
  ["services", offer({ priority: 9 }), offer({ priority: 4 }), "/services/0/priority"],
  ["services", offer({ priority: "low" }), offer({ priority: "lowest" }), "/services/0/priority"],
  [
    "services",
    offer({ priority_group: 1000 }),
    offer({ priority_group: 1001 }),
    "/services/0/priority_group",
  ],
  ["services", offer({ strategy: "Fallback" }), offer({ strategy: "random" }), "/services/0/strategy"],
  [
    "services",
    offer({ capabilities: times(100, "a") }),
    offer({ capabilities: times(101, "a") }),
    "/services/0/capabilities",
  ],
  ["services", breaker({ failure_threshold: 1 }), breaker({ failure_threshold: 0 }), at("failure_threshold")],
  ["services", breaker({ recovery_timeout: 0 }), breaker({ recovery_timeout: -1 }), at("recovery_timeout")],
  ["services", breaker({ success_threshold: 1 }), breaker({ success_threshold: 0 }), at("success_threshold")],
  [
    "services",
    breaker({ timeout_duration: 0.001 }),
    breaker({ timeout_duration: 0 }),
    at("timeout_duration"),
  ],
  ["services", offer({}), [...offer({}), ...offer({})], "/services/1"],
  ["port", 65_535, 65_536],
  ["port", 1, 0],
  ["endpoint", `https://a.example/${text(2030)}`, `https://a.example/${text(2031)}`],
  ["metadata", metadataOf(METADATA_BYTES_MAX), metadataOf(METADATA_BYTES_MAX + 1)],
  ["metadata", nested(31), nested(32), `/metadata${"/a".repeat(31)}`],
  ["current_load", 1e9, 1e9 + 1],
  ["current_load", 0, -1],
  ["max_concurrency", 0, -1],
  ["health_score", 1, 1.000_001],
  ["health_score", 0, -0.000_001],
  ["ttl_seconds", 86_400, 86_401],
  ["ttl_seconds", 60, 59],
  ["heartbeat_interval_seconds", 150, 151],
  ["heartbeat_interval_seconds", 1, 0],
];

const PARAMETERS: [path: string, good: string, bad: string, pointer: string][] = [
  ["/v1/agents?limit=", "200", "201", "/limit"],
  ["/v1/watch?wait=", "30", "31", "/wait"],
  ["/v1/agents?limit=", "1", "0", "/limit"],
  ["/v1/agents?cursor=", encodeCursor("a"), encodeCursor("-a"), "/cursor"],
  ["/v1/agents?cursor=", encodeCursor(text(256)), encodeCursor(text(257)), "/cursor"],
  ["/v1/agents?cursor=", encodeCursor("a"), "%00", "/cursor"],
  ["/v1/discover?limit=", "1000", "1001", "/limit"],
  ["/v1/discover?min_health_score=", "1", "1.000001", "/min_health_score"],
  ["/v1/discover?max_load_ratio=", "1000000", "1000001", "/max_load_ratio"],
  ["/v1/events?limit=", "1000", "1001", "/limit"],
  ["/v1/events?limit=", "1", "0", "/limit"],
  ["/v1/events?id=", text(256), text(257), "/id"],
  ["/v1/services/llm/selections?limit=", "100", "101", "/limit"],
  ["/v1/services/llm/selections?limit=", "1", "0", "/limit"],
];

describe.each(BACKENDS)("limits on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each(FIELDS)("of %s hold to the last good value", async (field, good, bad, pointer = `/${field}`) => {
    const registry = open();
    expect(await registry.post("/v1/agents", { ...agent, [field]: good })).toMatchObject({ status: 201 });
    const { status, body } = await registry.post<Refused>("/v1/agents", { ...agent, [field]: bad });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it.each(PARAMETERS)("of %s hold to the last good value %s, not %s", async (path, good, bad, pointer) => {
    const registry = open();
    expect((await registry.get(path + good)).status).toBe(200);
    const { status, body } = await registry.get<Refused>(path + bad);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("of an id in the path hold at 256 characters", async () => {
    const registry = open();
    expect((await registry.get(`/v1/agents/${text(256)}`)).status).toBe(404);
    expect(await registry.get(`/v1/agents/${text(257)}`)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/id" }] },
    });
  });

  it("of a service in the path hold at 256 characters", async () => {
    const registry = open();
    for (const route of ["resolve", "selections"]) {
      const { status } = await registry.get(`/v1/services/${text(256)}/${route}`);
      expect(status).toBe(route === "resolve" ? 404 : 200);
      for (const name of [text(257), "a%00b", "a%0Ab"]) {
        const refused = { status: 400, body: { errors: [{ pointer: "/service" }] } };
        expect(await registry.get(`/v1/services/${name}/${route}`)).toMatchObject(refused);
      }
    }
  });

  it("of a batch of outcomes hold at 500, and at one", async () => {
    const registry = open();
    const outcome = { service: "llm", provider_id: "a", success: true };
    const send = (count: number) => registry.post("/v1/outcomes", { outcomes: times(count, outcome) });
    expect((await send(500)).status).toBe(200);
    const refused = { status: 400, body: { errors: [{ pointer: "/outcomes" }] } };
    expect(await send(501)).toMatchObject(refused);
    expect(await send(0)).toMatchObject(refused);
  });

  it.each(["with its length", "in chunks"])("of a body hold at 256 KiB, sent %s", async (how) => {
    const registry = open();
    const send = (bytes: number) => {
      const whole = new TextEncoder().encode(JSON.stringify(agent).padEnd(bytes));
      const body = how === "in chunks" ? new Blob([whole]).stream() : whole;
      const length = how === "in chunks" ? {} : { "Content-Length": String(bytes) };
      return registry.fetch("/v1/agents", { method: "POST", body, headers: length });
    };
    expect((await send(BODY_BYTES_MAX)).status).toBe(201);
    const refused = await send(BODY_BYTES_MAX + 1);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: "payload_too_large" });
    expect((await registry.get("/v1/agents")).body).toMatchObject({ count: 1 });
  });

  it("of metadata count bytes, also of what a heartbeat adds to it", async () => {
    const registry = open();
    const half = "é".repeat(METADATA_BYTES_MAX / 2);
    expect((await registry.post("/v1/agents", { ...agent, metadata: { a: half } })).status).toBe(400);

    const { agent_id, lease_token } = await registry.register({ metadata: metadataOf(10_000) });
    const room = METADATA_BYTES_MAX - sizeBytes({ ...metadataOf(10_000), b: "" });
    const beat = (length: number) =>
      registry.heartbeat(agent_id, lease_token, { metadata: { b: text(length) } });
    expect(await beat(room + 1)).toMatchObject({ status: 400, body: { errors: [{ pointer: "/metadata" }] } });
    expect((await beat(room)).status).toBe(200);
  });

  it("of a whole entry hold at 32 KiB, also when a heartbeat makes it grow", async () => {
    const registry = open();
    const fields = (padding: number) => ({
      ...agent,
      id: "a",
      capabilities: Array.from({ length: 8 }, (_, i) => ({
        name: `c${i}`,
        description: text(Math.min(4096, Math.max(0, padding - i * 4096))),
      })),
    });
    // Twice, so that a replacement is measured: a document says what it came of.
    for (const padding of [0, 0]) await registry.register(fields(padding));
    const store = registry.backend.open("default");
    const [snapshot] = await store.read([{ kind: "agent", id: "a" }], registry.now);
    const room = DOCUMENT_BYTES_MAX - sizeBytes(snapshot!.entry!.document);

    expect(await registry.post("/v1/agents", fields(room + 1))).toMatchObject({
      status: 413,
      body: { code: "payload_too_large" },
    });
    expect(await registry.get("/v1/agents/a")).toMatchObject({
      body: { capabilities: [{ description: "" }, ...times(7, {})] },
    });
    const { lease_token } = await registry.register(fields(room));
    const grown = await registry.heartbeat("a", lease_token, { metadata: { a: 1 } });
    expect(grown).toMatchObject({ status: 413, body: { code: "payload_too_large" } });
    expect((await registry.get("/v1/agents/a")).body["metadata"]).toEqual({});
  });

  it("of a batch of heartbeats hold at 500, and at one", async () => {
    const registry = open();
    const send = (count: number) =>
      registry.post("/v1/heartbeats", { heartbeats: times(count, { id: "a" }) });
    expect((await send(500)).status).toBe(200);
    const refused = { status: 400, body: { errors: [{ pointer: "/heartbeats" }] } };
    expect(await send(501)).toMatchObject(refused);
    expect(await send(0)).toMatchObject(refused);
  });

  it.each(["/v1/agents", "/v1/discover"])("of %s hold at 16 capabilities and 16 tags", async (path) => {
    const registry = new Registry({ backend: openBackend() });
    const ask = (name: string, n: number) =>
      registry.get(`${path}?${Array.from({ length: n }, (_, i) => `${name}=${i}`).join("&")}`);
    for (const name of ["capability", "tag"]) {
      expect((await ask(name, 16)).status).toBe(200);
      expect((await ask(name, 17)).status).toBe(400);
    }
  });

  it("of an activation file hold at 1,000 components", async () => {
    const registry = open();
    const component = { type: "a", name: "b" };
    const send = (count: number) =>
      registry.post("/v1/agents/import", { components: times(count, component) });
    expect((await send(1000)).status).toBe(200);
    expect(await send(1001)).toMatchObject({ status: 400, body: { errors: [{ pointer: "/components" }] } });
  });

  it("of an answer's errors are twenty, with the number of the others", async () => {
    const fields = Object.fromEntries(Array.from({ length: 23 }, (_, i) => [`unknown-${i}`, i]));
    const { body } = await open().post<Refused & { detail: string }>("/v1/agents", { ...agent, ...fields });
    expect(body.errors).toHaveLength(20);
    expect(body.detail).toContain("3 more");
  });
});
