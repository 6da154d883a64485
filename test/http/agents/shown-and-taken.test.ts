import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AGENT_READ_ONLY, TOOLSET_READ_ONLY } from "../../../src/core/left-aside.ts";
import { anId, aRegistration } from "../../support/arbitraries.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { Registry } from "../../support/registry.ts";
import { runs } from "../../support/seed.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

type Fields = Record<string, unknown>;

const COPY = { "Rollcall-Namespace": "copy" };
const schema = fc.constantFrom<unknown>(true, { type: "object" }, { type: "object", required: ["a"] });
const aTool = fc.record(
  {
    description: fc.constantFrom("", "Repeats"),
    tags: fc.subarray(["a", "b"]),
    payload_schema: schema,
    result_schema: schema,
    sidecar_schema: schema,
    title: fc.constant("A tool"),
    annotations: fc.constant({ readOnlyHint: true }),
    icons: fc.constant([{ src: "data:," }]),
    _meta: fc.constant({ "a.example/b": 1 }),
  },
  { requiredKeys: ["payload_schema"] },
);
const aToolset = fc.record(
  {
    name: anId(),
    description: fc.constantFrom("", "Tools"),
    tags: fc.subarray(["eu", "us"]),
    version: fc.constantFrom("1.0.0", "v2.1.0-rc.1"),
    tools: fc
      .array(aTool, { minLength: 1, maxLength: 3 })
      .map((tools) => tools.map((tool, i) => ({ ...tool, name: `tool ${i}` }))),
  },
  { requiredKeys: ["name", "tools"] },
);
const bindings = fc.subarray([
  { service: "llm", priority: "HIGH", strategy: "round_robin" },
  { service: "llm", handler: "spot", capabilities: ["spot"], circuit_breaker: { failure_threshold: 2 } },
]);

describe.each(BACKENDS)("what GET shows, POST takes on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  /** What the copy shows of what `registry` shows, and that. */
  async function copied(registry: Registry, collection: string, id: string): Promise<[Fields, Fields]> {
    const path = `/v1/${collection}/${encodeURIComponent(id)}`;
    const { body } = await registry.get(path);
    await registry.pass(1000);
    const taken = await registry.post(`/v1/${collection}`, body, COPY);
    expect(taken.status).toBe(201);
    return [(await registry.get(path, COPY)).body, body];
  }

  it("so that a copy of an agent is the agent, but for its times", async () => {
    const registry = open();
    const property = fc.asyncProperty(anId(), aRegistration(), bindings, (id, fields, services) =>
      asOwnRequest(async () => {
        await registry.register({ ...fields, id, services });
        const [copy, shown] = await copied(registry, "agents", id);
        const { last_seen, expires_at, registered_at } = copy;
        expect(copy).toEqual({ ...shown, last_seen, expires_at, registered_at });
      }),
    );
    await fc.assert(property, { numRuns: runs(15) });
  });

  it("so that a copy of a toolset is the toolset, but for its time", async () => {
    const registry = open();
    const property = fc.asyncProperty(aToolset, (toolset) =>
      asOwnRequest(async () => {
        await registry.post("/v1/toolsets", toolset);
        const [copy, shown] = await copied(registry, "toolsets", toolset.name);
        expect(copy).toEqual({ ...shown, registered_at: copy["registered_at"] });
      }),
    );
    await fc.assert(property, { numRuns: runs(15) });
  });

  it("and leaves aside no more than what an agent and a toolset have that is not registered", async () => {
    const registry = open();
    await registry.post("/v1/agents/import?static=true&source=file", {
      components: [{ type: "skill", name: "a", activated: true }],
    });
    const registered = ["id", "name", "type", "capabilities", "tags", "version", "path", "metadata"].concat(
      ["max_concurrency", "health_score", "ttl_seconds", "heartbeat_interval_seconds", "services"],
      ["status", "current_load"],
    );
    const agent = await registry.get("/v1/agents/skill%2Fa");
    expect(Object.keys(agent.body).toSorted()).toEqual([...registered, ...AGENT_READ_ONLY].toSorted());

    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });
    const { body } = await registry.get("/v1/toolsets/tools");
    const said = ["name", "description", "version", "tags", "tools", ...TOOLSET_READ_ONLY];
    expect(Object.keys(body).toSorted()).toEqual(said.toSorted());
    // One tool's `partial` check leaves the same aside.
    const partial = await registry.post("/v1/toolsets?partial=true", body);
    expect(partial.status).toBe(201);
  });

  it("but refuses what neither of them has, and a tool that says what MCP shows of it twice", async () => {
    const registry = open();
    const agent = { name: "a", type: "b", age_ms: 1, colour: "red" };
    expect(await registry.post("/v1/agents", agent)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/colour", detail: "unknown field" }] },
    });
    const toolset = { name: "tools", health: {}, tools: [{ ...ECHO, title: "A", mcp: { title: "B" } }] };
    expect(await registry.post("/v1/toolsets", toolset)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/tools/0/title" }] },
    });
  });
});
