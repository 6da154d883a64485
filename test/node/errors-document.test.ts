import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PROBLEMS } from "../../src/core/problem.ts";

it("has a row in docs/errors.md for every refusal, with its status and what to do, in the table's order", () => {
  const document = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...document.matchAll(/^\| `(\w+)` \| (\d+) \| .+ \| (.+) \|$/gm)].map(
    ([, code, status, remedy]) => [code, Number(status), remedy],
  );
  expect(rows).toEqual(Object.entries(PROBLEMS).map(([code, { status, remedy }]) => [code, status, remedy]));
});
