import { describe, expect, it } from "vitest";
import { EXPORT_START, exported, type ExportPlace } from "../../../src/registry/backup/export.ts";
import { encodeOpaque } from "../../../src/registry/opaque.ts";
import { exportFrom, KEPT_IN, linesIn } from "../../support/backup.ts";
import { BREAKABLE } from "../../support/outage.ts";
import { Registry } from "../../support/registry.ts";
import { redisBackend } from "../../support/stores.ts";
import { ECHO } from "../../support/toolsets.ts";

const drain = (registry: Registry, id: string) => registry.post(`/v1/agents/${id}/drain`);

describe.each(KEPT_IN)("an export on $backend", ({ openBackend }) => {
  const open = () => new Registry({ backend: openBackend() });

  it("has every agent and toolset as GET shows it, drains, what operators set, and how many they are", async () => {
    const registry = open();
    await registry.register({ id: "living", services: [{ service: "llm" }, { service: "db" }] });
    await registry.register({ id: "static", heartbeat_interval_seconds: null });
    await drain(registry, "static");
    const priority = "/v1/runtime/services/living/priority?service_type=db";
    expect((await registry.call("PUT", priority, { priority: "HIGH" })).status).toBe(200);
    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });

    const shown = async (path: string) => (await registry.get<never>(path)).body;
    const override = { priority: 1, priority_group: 0, strategy: "fallback" as const };
    const header = { rollcall: expect.any(String) as string, format: 1, namespace: "default" };
    expect(await exportFrom(registry)).toEqual([
      { kind: "header", ...header, as_of: new Date(registry.now).toISOString() },
      { kind: "agent", static: false, agent: await shown("/v1/agents/living") },
      { kind: "override", provider_id: "living", service: "db", handler: "*", ...override },
      { kind: "agent", static: true, agent: await shown("/v1/agents/static") },
      { kind: "drain", agent_id: "static" },
      { kind: "toolset", toolset: await shown("/v1/toolsets/tools") },
      { kind: "end", agents: 2, drains: 1, overrides: 1, toolsets: 1 },
    ]);
  });

  it("leaves out whom its lease has left, but not that it is to drain should it come back", async () => {
    const registry = open();
    await registry.register({ id: "a", ttl_seconds: 60 });
    await drain(registry, "a");
    await registry.pass(61_000);
    expect((await exportFrom(registry)).slice(1)).toEqual([
      { kind: "drain", agent_id: "a" },
      { kind: "end", agents: 0, drains: 1, overrides: 0, toolsets: 0 },
    ]);
  });

  it("refuses a cursor that is none of an export", async () => {
    const registry = open();
    for (const cursor of ["x", btoa("{}"), btoa('{"kind":"agent","after":"a b","counts":{}}')]) {
      expect(await registry.get(`/v1/export?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: "/cursor", detail: "is not the cursor of an export" }] },
      });
    }
  });
});

describe.each(BREAKABLE)("an export on $name, while its store fails,", ({ openBreakable }) => {
  it("breaks off without a last line, or is refused where it cannot begin", async () => {
    const { backend, fail, recover } = openBreakable();
    const registry = new Registry({ backend });
    await registry.register({ id: "a" });
    const reader = (await registry.fetch("/v1/export")).body!.getReader();
    const { value } = await reader.read();
    expect(linesIn(new TextDecoder().decode(value)).map(({ kind }) => kind)).toEqual(["header", "agent"]);
    await fail();
    await expect(reader.read()).rejects.toThrow();
    expect(await registry.get("/v1/export")).toMatchObject({
      status: 503,
      body: { code: "store_unavailable" },
    });
    await recover();
  });
});

describe("an export", () => {
  it("goes on in another answer where one would ask too much, and tells of each entry once", async () => {
    const registry = new Registry();
    const namespace = registry.open("default");
    const services = (...names: string[]) => names.map((service) => ({ service }));
    await registry.register({ id: "a", services: services("1", "2", "3") });
    await registry.register({ id: "b", services: services("3") });
    await registry.register({ id: "c", services: services("4") });
    await registry.register({ id: "d", services: services("4", "5") });
    await registry.post("/v1/toolsets", { name: "tools", tools: [ECHO] });

    /** The ids in each part of each answer. */
    const partsWithin = async (bounds: { pages: number; pools: number }) => {
      const answers: string[][] = [];
      let place: ExportPlace | undefined = EXPORT_START;
      while (place) {
        const parts: string[] = [];
        let next: ExportPlace | undefined;
        for await (const part of exported(namespace, place, registry.now, bounds)) {
          const ids = part.lines.map((line) =>
            line.kind === "agent" ? line.agent.id : line.kind === "toolset" ? line.toolset.name : line.kind,
          );
          parts.push(ids.join(" "));
          ({ next } = part);
        }
        answers.push(parts);
        place = next;
      }
      return answers;
    };
    expect(await partsWithin({ pages: 9, pools: 2 })).toEqual([
      ["header a b", "c d", ""],
      ["header tools", "end"],
    ]);
    expect(await partsWithin({ pages: 1, pools: 9 })).toEqual([
      ["header a b c d", ""],
      ["header tools", "end"],
    ]);
  });

  it("goes on at a cursor, and counts on from there", async () => {
    const registry = new Registry();
    await registry.register({ id: "a" });
    await registry.register({ id: "b" });
    const place = { kind: "agent", after: "a", counts: { agents: 1, drains: 0, overrides: 0, toolsets: 0 } };
    const [, line, end] = await exportFrom(registry, `?cursor=${encodeOpaque(JSON.stringify(place))}`);
    expect(line).toMatchObject({ agent: { id: "b" } });
    expect(end).toMatchObject({ kind: "end", agents: 2 });
  });

  it("reads a page when it is asked for it, not sooner, in one round trip", async () => {
    const backend = redisBackend();
    const registry = new Registry({ backend });
    await registry.register({ id: "a" });
    const reads = async (work: () => Promise<unknown>) => (await backend.bridge.cost(work)).requests;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const begin = async () => {
      reader = (await registry.fetch("/v1/export")).body!.getReader();
    };
    expect(await reads(begin)).toBe(1);
    // A page that were read ahead would be asked for before the list is.
    const readOn = () => reader!.read().then(() => registry.get("/v1/agents"));
    expect(await reads(readOn)).toBe(1);
    expect(await reads(readOn)).toBe(2);
  });

  it("says nothing that would let anybody act as the holder of a lease", async () => {
    const registry = new Registry();
    const { lease_token } = await registry.register({ id: "a" });
    const toolset = await registry.post<{ lease_token: string }>("/v1/toolsets", {
      name: "b",
      tools: [ECHO],
    });
    const text = JSON.stringify(await exportFrom(registry));
    const { document } = (
      await registry.open("default").store.read([{ kind: "agent", id: "a" }], registry.now)
    )[0]!.entry!;
    for (const token of [lease_token, toolset.body.lease_token]) {
      expect(text).not.toContain(token.split(".").at(-1));
    }
    expect(text).not.toContain(document.fence.split("-")[1]);
  });
});
