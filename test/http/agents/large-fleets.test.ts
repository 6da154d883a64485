import { describe, expect, it } from "vitest";
import { populate } from "../../support/populate.ts";
import { Registry } from "../../support/registry.ts";
import { BACKENDS } from "../../support/stores.ts";

interface Capabilities {
  capabilities: { name: string; agents: number }[];
  count: number;
  next_cursor: string | null;
}
interface Stats {
  total_components: number;
  total_capabilities: number;
  by_type: Record<string, number>;
  other_types: number;
}

/** Every page under `query`. */
async function capabilitiesOf(registry: Registry, query: string): Promise<Capabilities[]> {
  const pages: Capabilities[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const from: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { status, body } = await registry.get<Capabilities>(`/v1/capabilities?${query}${from}`);
    expect(status).toBe(200);
    expect(body.count).toBe(body.capabilities.length);
    pages.push(body);
    cursor = body.next_cursor;
  }
  return pages;
}

const named = (i: number) => `own-${String(i).padStart(4, "0")}`;

describe.each(BACKENDS)("capabilities and types on $backend", ({ openBackend }) => {
  it("are given 100 at a time, by name, and more on demand", async () => {
    const registry = new Registry({ backend: openBackend() });
    await populate(registry, 250, (i) => ({ capabilities: [named(i), "all", "größe"], type: `t-${i}` }));
    const pages = await capabilitiesOf(registry, "");
    expect(pages.map(({ count }) => count)).toEqual([100, 100, 52]);
    const all = pages.flatMap(({ capabilities }) => capabilities);
    expect(all[0]).toEqual({ name: "all", agents: 250 });
    expect(all.map(({ name }) => name)).toEqual([
      "all",
      "größe",
      ...Array.from({ length: 250 }, (_, i) => named(i)),
    ]);
    expect(await capabilitiesOf(registry, "limit=1000&prefix=own-01")).toMatchObject([{ count: 100 }]);
    expect(await capabilitiesOf(registry, "limit=1&prefix=gr%C3%B6")).toMatchObject([{ count: 1 }]);
    expect(await capabilitiesOf(registry, "prefix=none")).toMatchObject([{ count: 0 }]);
    const { body } = await registry.get<Stats>("/v1/stats");
    expect(body).toMatchObject({ total_components: 250, total_capabilities: 252, other_types: 150 });
    expect(Object.keys(body.by_type)).toHaveLength(100);
  });

  it("are those of the indexes and of the last sweep once there are more than 5,000 agents", async () => {
    const registry = new Registry({ backend: openBackend() });
    const size = 5001;
    for (let from = 0; from < size; from += 1667) {
      await populate(registry, 1667, (i) => ({
        id: `a-${from + i}`,
        capabilities: ["all", named(from + i)],
        type: `t-${(from + i) % 150}`,
      }));
    }
    const [first] = await capabilitiesOf(registry, "limit=1000");
    expect(first!.count).toBe(1000);
    expect(first!.capabilities.slice(0, 2)).toEqual([
      { name: "all", agents: size },
      { name: named(0), agents: 1 },
    ]);
    expect(await capabilitiesOf(registry, "prefix=own-50")).toMatchObject([{ count: 1 }]);
    for (let run = 0; run < 2; run += 1) expect((await registry.post("/v1/sweep")).status).toBe(200);
    const { body } = await registry.get<Stats>("/v1/stats");
    expect(body).toMatchObject({ total_components: size, total_capabilities: size + 1 });
    expect(Object.keys(body.by_type)).toHaveLength(100);
    const known = Object.values(body.by_type).reduce((sum, agents) => sum + agents);
    expect(known + body.other_types).toBe(size);
  });
});
