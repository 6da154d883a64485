import { describe, expect, it } from "vitest";
import { Problem } from "../../src/core/problem.ts";
import { refuseRepeats, unlessRefused, unlessSettled } from "../../src/registry/batch.ts";

const refused = (detail: string) => new Problem("forbidden", detail);

describe("a batch", () => {
  it("runs the operation once, on what is not refused, and answers in the items' order", async () => {
    const [first, last, failed] = [refused("first"), refused("last"), refused("failed")];
    const runs: string[][] = [];
    const results = await unlessRefused([first, "a", "b", last, "c"], async (items) => {
      runs.push(items);
      return items.map((item) => (item === "b" ? failed : item.toUpperCase()));
    });
    expect(results).toEqual([first, "A", failed, last, "C"]);
    expect(runs).toEqual([["a", "b", "c"]]);
  });

  it("runs nothing where all items are settled", async () => {
    const results = await unlessSettled<string, number, string>(
      [1, 2],
      (item) => typeof item === "number",
      () => expect.unreachable(),
    );
    expect(results).toEqual([1, 2]);
  });

  it("refuses every repeat of an id, names the item that had it first, and lets items without an id be", () => {
    const ids = ["a", undefined, "b", "a", undefined, "a"];
    const results = refuseRepeats(ids, (id) => id);
    expect(results.map((result) => (result instanceof Problem ? result.options.errors : result))).toEqual([
      "a",
      undefined,
      "b",
      [{ pointer: "/id", detail: "item 0 of this batch has the same id" }],
      undefined,
      [{ pointer: "/id", detail: "item 0 of this batch has the same id" }],
    ]);
  });
});
