import { describe, expect, it } from "vitest";
import { bearer, keysAccess } from "../../support/keys.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { sweep } from "../../../src/registry/sweep.ts";

const FLEET = bearer("fleet");
const OPERATOR = bearer("operator");
const ACCESS = await keysAccess([
  { name: "fleet", token: "fleet", scopes: ["read", "write"] },
  { name: "operator", token: "operator", scopes: ["admin"] },
]);

interface Told {
  type: string;
  id: string;
  actor: { type: string; name?: string } | null;
  request_id: string | null;
  from?: string;
  status?: string;
  changes?: { field: string }[];
  reason?: string;
}

describe.each(BACKENDS)("an event on $backend", ({ openBackend }) => {
  const toldIn = async (registry: Registry): Promise<Record<string, Told>> => {
    const { body } = await registry.get<{ events: Told[] }>("/v1/events", OPERATOR);
    return Object.fromEntries(body.events.map((event) => [event.type, event]));
  };

  it("says who caused it, and by which request", async () => {
    const registry = new Registry({ backend: openBackend(), access: ACCESS });
    const as = (key: Record<string, string>, id: string) => ({ ...key, "X-Request-Id": id });
    const { lease_token } = await registry.register({ id: "a", ttl_seconds: 60 }, as(FLEET, "one"));
    const holder = { "Lease-Token": lease_token };
    await registry.post("/v1/agents/a/heartbeat", { status: "busy" }, { ...as(FLEET, "two"), ...holder });
    await registry.post(
      "/v1/agents/a/heartbeat",
      { metadata: { b: 1 } },
      { ...as(FLEET, "three"), ...holder },
    );
    await registry.post("/v1/agents/a/drain", undefined, as(OPERATOR, "four"));
    await registry.call("DELETE", "/v1/agents/a/drain", undefined, as(OPERATOR, "five"));
    await registry.pass(46_000);
    await registry.post("/v1/sweep", undefined, as(OPERATOR, "six"));
    await registry.call("DELETE", "/v1/agents/a", undefined, { ...as(FLEET, "seven"), ...holder });

    const told = await toldIn(registry);
    const fleet = { type: "holder", name: "fleet" };
    const operator = { type: "key", name: "operator" };
    expect(told["registered"]).toMatchObject({ actor: { type: "key", name: "fleet" }, request_id: "one" });
    expect(told["status_changed"]).toMatchObject({
      actor: { type: "holder" },
      from: "available",
      status: "busy",
    });
    expect(told["amended"]).toMatchObject({ actor: fleet, request_id: "three" });
    expect(told["drain_requested"]).toMatchObject({ actor: operator, request_id: "four" });
    expect(told["drain_cancelled"]).toMatchObject({ actor: operator, request_id: "five" });
    expect(told["became_unreachable"]).toMatchObject({ actor: { type: "registry" }, request_id: "six" });
    expect(told["unregistered"]).toMatchObject({ actor: fleet, request_id: "seven" });
  });

  it("says what changed from what to what, and the reason that the request gave", async () => {
    const registry = new Registry({ backend: openBackend(), access: ACCESS });
    const { lease_token } = await registry.register({ id: "a", version: "1.0.0", status: "busy" }, FLEET);
    const holder = { ...FLEET, "Lease-Token": lease_token };
    const why = { ...OPERATOR, "X-Rollcall-Reason": "host 7 gets a new disk" };
    await registry.post("/v1/agents/a/heartbeat", { metadata: { zone: "b" }, status: "available" }, holder);
    await registry.register({ id: "a", version: "1.1.0", metadata: { zone: "b" } }, holder);
    await registry.register({ id: "a", version: "2.0.0", metadata: { zone: "c" } }, OPERATOR);
    await registry.post("/v1/agents/a/drain", undefined, why);

    const told = await toldIn(registry);
    expect(told["registered"]).toMatchObject({ status: "busy" });
    expect(told["registered"]).not.toHaveProperty("from");
    expect(told["registered"]).not.toHaveProperty("changes");
    expect(told["amended"]).toMatchObject({
      from: "busy",
      status: "available",
      changes: [{ field: "metadata/zone", to: "b" }],
    });
    expect(told["renewed"]).toMatchObject({
      changes: [{ field: "version", from: "1.0.0", to: "1.1.0" }],
    });
    expect(told["renewed"]).not.toHaveProperty("status");
    expect(told["replaced"]!.changes).toEqual([
      { field: "owner", from: "fleet", to: "operator" },
      { field: "version", from: "1.1.0", to: "2.0.0" },
      { field: "metadata/zone", from: "b", to: "c" },
    ]);
    expect(told["drain_requested"]).toMatchObject({ reason: "host 7 gets a new disk" });
    expect(told["replaced"]).not.toHaveProperty("reason");
  });

  it("of a toolset says which tools changed", async () => {
    const registry = new Registry({ backend: openBackend() });
    const tool = (name: string, description: string) => ({ name, description, payload_schema: {} });
    const tools = (...all: object[]) => ({ name: "t", description: "", tools: all });
    const { lease_token } = (
      await registry.post<{ lease_token: string }>("/v1/toolsets", tools(tool("a", ""), tool("b", "")))
    ).body;
    const holder = { "Lease-Token": lease_token };
    await registry.post("/v1/toolsets", tools(tool("a", "first"), tool("c", "")), holder);
    const { changes } = (await toldIn(registry))["amended"]!;
    expect(changes!.map(({ field }) => field)).toEqual(["tools/a", "tools/b", "tools/c"]);
    expect(changes![1]).not.toHaveProperty("to");
    expect(changes![2]).not.toHaveProperty("from");
  });

  it("is refused a reason that is none", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "a" });
    for (const reason of ["", "x".repeat(201), "caf\u00e9"]) {
      const answer = await registry.post("/v1/agents/a/drain", undefined, { "X-Rollcall-Reason": reason });
      expect(answer, reason).toMatchObject({
        status: 400,
        body: { code: "invalid_request", errors: [{ pointer: "/X-Rollcall-Reason" }] },
      });
    }
  });

  it("of the cron's sweep has no request", async () => {
    const registry = new Registry({ backend: openBackend() });
    await registry.register({ id: "a" });
    await registry.pass(46_000);
    await sweep(registry.open("default"), registry.now);
    const told = await toldIn(registry);
    expect(told["became_unreachable"]).toMatchObject({ actor: { type: "registry" }, request_id: null });
    expect(told["registered"]).toMatchObject({ actor: { type: "anyone" } });
  });

  it("of an earlier version says that nobody knows", async () => {
    const registry = new Registry({ backend: openBackend() });
    const store = registry.backend.open("default");
    const [before] = await store.read([{ kind: "agent", id: "a" }], registry.now);
    const event = { type: "reaped", kind: "agent", id: "a", at: registry.now } as const;
    await store.commit([{ before: before!, after: undefined, event }], registry.now);
    expect((await toldIn(registry))["reaped"]).toMatchObject({ actor: null, request_id: null });
  });
});
