import { expect, it } from "vitest";
import { applyFilter, hrefOf } from "../../src/dashboard/filter.ts";
import { recordWith } from "./views.ts";

const capability = (name: string) => ({ ...recordWith(name).capabilities[0]!, name });
const agent = (id: string, type: string, status: "available" | "busy", load: number, ...names: string[]) =>
  recordWith("x", {
    id,
    name: `name of ${id}`,
    type,
    effective_status: status,
    load_ratio: load,
    capabilities: names.map(capability),
    tags: [],
    region: null,
  });

const FLEET = [
  agent("c", "coder", "busy", 0.9, "plan"),
  agent("a", "coder", "available", 0.1, "plan", "sql"),
  agent("b", "scout", "available", 0.5, "search"),
];
const idsOf = (filter: Parameters<typeof applyFilter>[1]) =>
  applyFilter(FLEET, filter).rows.map(({ id }) => id);

it("keeps the agents that match every part of the filter", () => {
  expect(idsOf({})).toEqual(["a", "b", "c"]);
  expect(idsOf({ type: "coder" })).toEqual(["a", "c"]);
  expect(idsOf({ type: "coder", status: "available" })).toEqual(["a"]);
  expect(idsOf({ capability: "search" })).toEqual(["b"]);
  expect(idsOf({ region: "unknown" })).toEqual(["a", "b", "c"]);
  expect(idsOf({ region: "AMS" })).toEqual([]);
});

it("searches ids, names, types and capabilities, in any case", () => {
  expect(idsOf({ q: "SEARCH" })).toEqual(["b"]);
  expect(idsOf({ q: "name of c" })).toEqual(["c"]);
  expect(idsOf({ q: "cod" })).toEqual(["a", "c"]);
});

it("counts for each facet the values that the other parts of the filter leave", () => {
  const { facets } = applyFilter(FLEET, { type: "coder", status: "busy" });
  expect(facets.type.map(({ value, agents }) => [value, agents])).toEqual([["coder", 1]]);
  expect(facets.status.map(({ value, agents }) => [value, agents])).toEqual([
    ["available", 1],
    ["busy", 1],
  ]);
  expect(facets.capability.map(({ value, agents }) => [value, agents])).toEqual([["plan", 1]]);
});

it("counts an agent once that has a capability twice", () => {
  const { facets } = applyFilter([agent("a", "coder", "busy", 0, "plan", "sql", "plan")], {});
  expect(facets.capability.map(({ value, agents, byStatus }) => [value, agents, byStatus])).toEqual([
    ["plan", 1, [["busy", 1]]],
    ["sql", 1, [["busy", 1]]],
  ]);
});

it("lists a chosen value that no agent has, so that it can be removed", () => {
  expect(applyFilter(FLEET, { type: "gone" }).facets.type).toContainEqual({
    value: "gone",
    agents: 0,
    byStatus: [],
  });
});

it("lists the 100 values with the most agents, the chosen one besides, and how many it leaves out", () => {
  const fleet = Array.from({ length: 150 }, (_, i) =>
    agent(`a-${i}`, i < 2 ? "common" : `t-${i}`, "available", 0, `c-${i}`, "all"),
  );
  const { facets, facetsLeftOut } = applyFilter(fleet, { capability: "c-99" });
  expect([facets.type.length, facetsLeftOut.type]).toEqual([1, 0]);
  expect(facets.capability[0]).toMatchObject({ value: "all", agents: 150 });
  expect(facets.capability).toHaveLength(101);
  expect(facets.capability.map(({ value }) => value)).toContain("c-99");
  expect(facetsLeftOut.capability).toBe(50);
});

it("orders as asked, and equal agents by id", () => {
  expect(idsOf({ sort: "load" })).toEqual(["c", "b", "a"]);
  expect(idsOf({ sort: "status" })).toEqual(["c", "a", "b"]);
  expect(idsOf({ sort: "silence" })).toEqual(["a", "b", "c"]);
});

it("shows up to the limit, and says how many there are", () => {
  expect(applyFilter(FLEET, { limit: 2 })).toMatchObject({ rows: [{ id: "a" }, { id: "b" }], matching: 3 });
});

it("writes a filter as a path with a query", () => {
  expect(hrefOf({})).toBe("/");
  expect(hrefOf({ q: "", type: "a&b", status: undefined })).toBe("/?type=a%26b");
});
