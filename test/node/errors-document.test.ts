import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type ProblemCode, PROBLEMS } from "../../src/core/problem.ts";
import { REMEDIES } from "../../src/core/remedies.ts";

it("has a row in docs/errors.md for every refusal, with its status and what to do, in the table's order", () => {
  const document = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...document.matchAll(/^\| `(\w+)` \| (\d+) \| .+ \| (.+) \|$/gm)].map(
    ([, code, status, remedy]) => [code, Number(status), remedy],
  );
  expect(rows).toEqual(
    Object.entries(PROBLEMS).map(([code, { status }]) => [code, status, REMEDIES[code as ProblemCode]]),
  );
});
