import { describe, expect, it } from "vitest";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Refused {
  code?: string;
  error: string;
  errors?: { pointer: string; detail: string }[];
}

const BAD_IDS = {
  "a percent sign": "50%",
  "an escape that is part of it": "a%2Fb",
  "unicode letters": "größe",
  "an astral character": "agent-🛰",
  "a space": "two words",
  "a space at its end": "agent ",
  "a leading dot": ".hidden",
  "a leading slash": "/agent",
  "a control character": "agent\n",
  "a unit separator": "agent\u001ffence",
  "a NUL": "agent\u0000",
  "a comma": "a,b",
  "a star": "*",
  "257 characters": "x".repeat(257),
};

const ROUTES = [
  ["GET", "/v1/agents/:id"],
  ["DELETE", "/v1/agents/:id"],
  ["POST", "/v1/agents/:id/heartbeat"],
  ["POST", "/v1/agents/:id/drain"],
  ["DELETE", "/v1/agents/:id/drain"],
] as const;
const LEGACY_ROUTES = [
  ["GET", "/agents/:id"],
  ["POST", "/agents/:id/heartbeat"],
  ["POST", "/agents/:id/unregister"],
] as const;

const at = (path: string, id: string) => path.replace(":id", id);
const RULE = "1 to 256 of A-Z a-z 0-9 . _ : / @ -";

describe.each(BACKENDS)("an agent's id on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it.each(Object.entries(BAD_IDS))(
    "is refused with %s wherever it stands in a path [0-04]",
    async (_, id) => {
      const registry = open();
      for (const [method, path] of ROUTES) {
        const { status, body } = await registry.call<Refused>(method, at(path, encodeURIComponent(id)));
        expect([path, status, body.code]).toEqual([path, 400, "invalid_request"]);
        expect(body.errors).toEqual([{ pointer: "/id", detail: expect.stringContaining(RULE) as unknown }]);
      }
      for (const [method, path] of LEGACY_ROUTES) {
        const { status, body } = await registry.call<Refused>(method, at(path, encodeURIComponent(id)));
        expect([path, status, Object.keys(body)]).toEqual([path, 400, ["error"]]);
        expect(body.error).toContain("/id");
      }
    },
  );

  it.each(["%", "%2", "%zz", "%E0%A4%A", "%C3%28", "a%00b"])(
    "is refused where the path's %s is no text [0-04]",
    async (raw) => {
      const registry = open();
      for (const [method, path] of ROUTES) {
        const { status, body } = await registry.call<Refused>(method, at(path, raw));
        expect([path, status, body.errors?.[0]?.pointer]).toEqual([path, 400, "/id"]);
      }
      for (const [method, path] of LEGACY_ROUTES) {
        expect([path, (await registry.call(method, at(path, raw))).status]).toEqual([path, 400]);
      }
    },
  );

  it.each([...Object.entries(BAD_IDS), ["nothing in it", ""]])(
    "is refused with %s in a body [0-04]",
    async (_, id) => {
      const registry = open();
      const expected = [{ pointer: "/id", detail: expect.stringContaining(RULE) as unknown }];
      const registration = await registry.post<Refused>("/v1/agents", { id, name: "a", type: "t" });
      expect([registration.status, registration.body.errors]).toEqual([400, expected]);

      const beats = await registry.post<{ results: Refused[] }>("/v1/heartbeats", { heartbeats: [{ id }] });
      expect(beats.body.results[0]).toMatchObject({ index: 0, id: null, status: 400, errors: expected });
      expect((await registry.get("/v1/agents")).body["count"]).toBe(0);
    },
  );

  it("matches no route of one agent when it is empty in a path [0-04]", async () => {
    const registry = open();
    // What is left of `/agents/:id` is the list's path with a slash, which the older API's clients may send.
    expect((await registry.get("/agents/")).body).toEqual({ agents: [], count: 0 });
    const others = [...ROUTES, ...LEGACY_ROUTES].filter(([, path]) => path !== "/agents/:id");
    for (const [method, path] of others) {
      const { status, body } = await registry.call<Refused>(method, at(path, ""));
      expect([path, status, body.code]).toEqual([path, 404, "route_not_found"]);
    }
  });

  it("is decoded exactly once: a%2Fb is a/b, and a%252Fb is nobody's [0-04]", async () => {
    const registry = open();
    const { lease_token, heartbeat_url } = await registry.register({ id: "a/b", host: "h", port: 1 });
    expect(heartbeat_url).toBe("/v1/agents/a%2Fb/heartbeat");
    for (const path of ["/v1/agents/a%2Fb", "/v1/agents/a%2fb", "/v1/agents/%61%2Fb", "/agents/a%2Fb"]) {
      expect((await registry.get(path)).body).toMatchObject({ id: "a/b" });
    }
    expect((await registry.get("/v1/agents/a%252Fb")).status).toBe(400);
    expect((await registry.get("/v1/agents/a/b")).status).toBe(404);
    expect((await registry.post("/agents/a%2Fb/heartbeat", { status: "degraded" })).status).toBe(200);
    expect((await registry.heartbeat("a/b", lease_token)).status).toBe(200);
    expect((await registry.post("/agents/a%2Fb/unregister")).status).toBe(200);
    expect((await registry.get("/v1/agents/a%2Fb")).status).toBe(404);
  });

  it.each(["x", "X".repeat(256), "0", "a:b@c/d.e_f-g", "a..", "a/../b", "a/./b", "CON", "constructor"])(
    "may be %s [0-04]",
    async (id) => {
      const registry = open();
      const { lease_token } = await registry.register({ id, capabilities: ["spot"] });
      expect(
        (await registry.heartbeat(id, lease_token, { status: "available", current_load: 1 })).status,
      ).toBe(200);
      const found = await registry.get<{ agents: { id: string }[] }>("/v1/discover?capability=spot");
      expect(found.body.agents.map((agent) => agent.id)).toEqual([id]);
      expect((await registry.get(`/v1/agents/${encodeURIComponent(id)}`)).body).toMatchObject({
        id,
        current_load: 1,
      });
    },
  );
});
