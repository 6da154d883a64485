import { describe, expect, it } from "vitest";
import { orThrow, Problem } from "../../../src/core/problem.ts";
import { toolsetInput } from "../../../src/core/toolsets/toolset.ts";
import { listToolsets } from "../../../src/registry/toolsets/catalogue.ts";
import { epochOf, readToolset } from "../../../src/registry/toolsets/read.ts";
import { registerToolset, unregisterToolset } from "../../../src/registry/toolsets/register.ts";
import { ANYONE } from "../../support/entries.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

describe.each(BACKENDS)("registering a toolset on $backend", ({ openBackend }) => {
  function open() {
    const registry = new Registry({ backend: openBackend() });
    const namespace = registry.open("default");
    const register = (tool: object = {}) => {
      const input = toolsetInput.parse({ name: "tools", tools: [{ ...ECHO, ...tool }] });
      return registerToolset(
        namespace,
        ANYONE,
        { input, partial: false, region: null, token: undefined, idempotencyKey: undefined },
        registry.now,
      );
    };
    const read = () => readToolset(namespace, "tools", registry.now);
    return { registry, namespace, register, read };
  }

  it("keeps the entry that it answers with, and opens its epoch at the gateway", async () => {
    const { registry, namespace, register, read } = open();
    const { entry } = orThrow(await register());
    expect(await read()).toEqual(entry);
    const request = { consumer: "c1", max: 1, intervalMs: 10_000, epoch: epochOf(entry) };
    expect(await namespace.gateway("tools").claim(request, registry.now)).not.toBe("stale");
  });

  it("dates it after an epoch that only the gateway knows, from a clock that was ahead", async () => {
    const { registry, namespace, register, read } = open();
    const ahead = { fence: "gone", registeredAt: registry.now + 60_000 };
    await namespace.gateway("tools").open(ahead, registry.now);
    const { entry } = orThrow(await register());
    expect(entry.document.registeredAt).toBe(ahead.registeredAt + 1);
    expect(await read()).toEqual(entry);
    expect(await namespace.gateway("tools").open(ahead, registry.now)).toBe(ahead.registeredAt + 1);
  });

  it("refuses a schema by a value, and keeps nothing", async () => {
    const { registry, namespace, register } = open();
    const refused = await register({ payload_schema: { type: "text" } });
    expect(refused).toMatchObject({
      code: "invalid_request",
      options: { errors: [{ pointer: "/tools/0/payload_schema/type" }] },
    });
    const listed = await listToolsets(namespace, { tags: [], healthyOnly: false }, registry.now);
    expect(listed).toEqual({ toolsets: [], truncated: false });
  });

  it("is undone by unregistering, once", async () => {
    const { registry, namespace, register, read } = open();
    await register();
    const unregister = () =>
      unregisterToolset(namespace, ANYONE, { name: "tools", fence: undefined }, registry.now);
    expect(await unregister()).toBeUndefined();
    for (const refused of [await read(), await unregister()]) {
      expect(refused).toBeInstanceOf(Problem);
      expect(refused).toMatchObject({ code: "toolset_not_found" });
    }
  });
});
