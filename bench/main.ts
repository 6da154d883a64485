/**
 * Measures what Rollcall costs and how that grows, in comparison with alternatives.
 *
 *   npm run bench [-- --quick]             everything; the full run is written into docs/benchmarks.md
 *   npm run bench -- ROW… [--quick]        these rows alone
 *   npm run bench -- compare BEFORE [AFTER] [--rounds N]
 *
 * BEFORE and AFTER are folders: a checkout with its node_modules (`git worktree add /tmp/before main`, then
 * `ln -s "$PWD/node_modules" /tmp/before`), or what `wrangler deploy --outdir` left. AFTER is this tree unless said otherwise.
 */
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { barsOf } from "./bars.ts";
import { compare } from "./measure/compare.ts";
import { PLANS } from "./plan.ts";
import { comparisonTables } from "./report/comparison.ts";
import { asText, type Table } from "./report/table.ts";
import { barTable } from "./report/tables.ts";
import { reportTables, writeReport } from "./report/write.ts";
import type { Measurements, Results } from "./results.ts";
import { openRig } from "./rig.ts";
import { fleetsFor, isRowName, measureRow, programsFor, ROW_NAMES, type RowName, tablesOf } from "./rows.ts";
import { requirePrograms } from "./servers/program.ts";
import { versionsOf } from "./versions.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, rounds: { type: "string", default: "60" } },
});
const plan = PLANS[values.quick ? "quick" : "full"];
const startedAt = performance.now();
const [loadBefore] = loadavg() as [number, number, number];
const seconds = () => (performance.now() - startedAt) / 1000;
const tell = (text: string) => console.error(`${seconds().toFixed(0).padStart(4)} s  ${text}`);
const print = (tables: readonly Table[]) => console.log(tables.map(asText).join("\n\n\n"));

if (positionals[0] === "compare") {
  const [, before, after = "."] = positionals;
  const rounds = Number(values.rounds);
  if (before === undefined || !(rounds >= 3)) throw new Error("compare BEFORE [AFTER] [--rounds N]");
  print(comparisonTables(await compare({ before, after }, rounds, tell)));
} else if (positionals.length > 0) {
  const names = positionals.map((name) => {
    if (!isRowName(name)) throw new Error(`no row "${name}"; there are ${ROW_NAMES.join(", ")}, and compare`);
    return name;
  });
  print(tablesOf((await measure(names)).measured));
} else {
  const { measured, redisVersion } = await measure(ROW_NAMES);
  // All rows were asked for, so none is missing.
  const all = measured as Measurements;
  const results: Results = {
    ...all,
    mode: plan.name,
    at: new Date().toISOString(),
    tookSeconds: seconds(),
    loadBefore,
    machine: {
      CPU: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
      memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
      ...versionsOf(redisVersion, { etcd: all.etcd.version, NATS: all.nats.version }),
    },
  };
  print([...reportTables(results), barTable(barsOf(results))]);
  // Only a full run goes into the docs; a quick one is too short to be relied on.
  if (plan.name === "full") await writeReport(results);
}
tell("done");

async function measure(
  names: readonly RowName[],
): Promise<{ measured: Partial<Measurements>; redisVersion: string }> {
  requirePrograms(programsFor(names));
  const rig = await openRig(plan, fleetsFor(names, plan), tell);
  try {
    const measured: Partial<Measurements> = {};
    for (const name of names) {
      tell(name);
      await measureRow(name, rig, measured);
    }
    return { measured, redisVersion: rig.redis.version };
  } finally {
    await rig.stop();
  }
}
