/** Builds the Worker as a deploy would, prints what it weighs compressed, and fails past the budget. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_KIB = 122;
const OUT = "dist/worker";

rmSync(OUT, { recursive: true, force: true });
execFileSync("wrangler", ["deploy", "--dry-run", "--minify", "--outdir", OUT], {
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
});

const bytes = readdirSync(OUT)
  .filter((name) => name.endsWith(".js") || name.endsWith(".lua"))
  .reduce((sum, name) => sum + gzipSync(readFileSync(join(OUT, name)), { level: 9 }).length, 0);
const kib = bytes / 1024;
console.log(`bundle: ${kib.toFixed(1)} KiB gzip, of ${BUDGET_KIB} KiB allowed`);
if (kib > BUDGET_KIB) process.exit(1);
