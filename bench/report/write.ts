import { mkdir, writeFile } from "node:fs/promises";
import { barsOf } from "../bars.ts";
import { PRICES } from "../prices.ts";
import type { Results } from "../results.ts";
import { toSvg } from "./plot.ts";
import { plotsOf } from "./plots.ts";
import { tablesOf } from "../rows.ts";
import { costTables } from "./cost-tables.ts";
import { asMarkdown, type Table } from "./table.ts";
import { barTable } from "./tables.ts";

const DOCUMENT = "docs/benchmarks.md";
/** From so many processes on, the bench did not have the machine for itself. */
const SHARED_LOAD = 0.5;
const PLOTS = "docs/benchmarks";

/** The tables of a full run, without the bars. */
export const reportTables = (results: Results): Table[] => [...tablesOf(results), ...costTables(results)];

/** Writes docs/benchmarks.md and its plots. */
export async function writeReport(results: Results): Promise<void> {
  const plots = plotsOf(results);
  await mkdir(PLOTS, { recursive: true });
  for (const [name, plot] of plots) await writeFile(`${PLOTS}/${name}.svg`, toSvg(plot));
  const machine = Object.entries(results.machine).map(([name, value]) => `${name} ${value}`);
  await writeFile(
    DOCUMENT,
    `# Benchmarks

Written by \`npm run bench\`, which took ${Math.round(results.tookSeconds)} s on ${results.at.slice(0, 10)}. Do not edit; run it again.

${machine.join(" · ")}

Everything runs on this one machine: the load (a process of its own), workerd, the REST bridge that stands in for Upstash, Redis, and the yardsticks. There is no network between them, so latencies are work, not distance. Each operation is driven for a while before it is measured. Other things may run beside it (${results.loadBefore < SHARED_LOAD ? "little did" : "much did"}: before it began, ${results.loadBefore.toFixed(1)} processes wanted to run at a time): sides of a comparison take turns, and what counts is the ratio of each round. Absolute figures are this machine's; ratios travel. The load and the bridge cost CPU too, on both sides of a ratio against the floor alike, so the CPU columns tell more of the Worker than the throughput does.

${[barTable(barsOf(results)), ...reportTables(results)].map(asMarkdown).join("\n\n")}

Sources of the prices: ${PRICES.sources.join(", ")}.

## Growth

Both axes are logarithmic: flat means that the size of the fleet does not matter.

${[...plots].map(([name, { title }]) => `![${title}](benchmarks/${name}.svg)`).join("\n\n")}
`,
  );
}
