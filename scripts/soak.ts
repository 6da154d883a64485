/**
 * Runs the properties and the models with draws that no check makes, and more of them.
 *
 *   npm run soak [-- --seed N] [--times N] [FILTER…]
 *
 * The seed is a new one each time unless it is given. FILTER is a part of a test file's name.
 */
import { randomInt } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { run } from "./run.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    times: { type: "string", default: "20" },
  },
});
const { seed, times } = values;
if (!/^\d{1,10}$/.test(seed) || !/^[1-9]\d{0,5}$/.test(times))
  throw new Error("--seed N, --times N: integers");

const files = globSync("test/**/*.test.ts", {
  exclude: ["test/mcp/node_modules", "test/node/openapi/node_modules"],
})
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))
  .filter((file) => readFileSync(file, "utf8").includes('from "fast-check"'));
if (files.length === 0) throw new Error(`no test with properties is named like ${positionals.join(" or ")}`);

const tell = () =>
  console.log(
    `seed ${seed}, ${times} times the runs of a check; the same again: npm run soak -- ${["--seed", seed, "--times", times, ...positionals].join(" ")}`,
  );
tell();
await run("node_modules/vitest/vitest.mjs", ["run", ...files], {
  ROLLCALL_SEED: seed,
  ROLLCALL_TIMES: times,
});
tell();
