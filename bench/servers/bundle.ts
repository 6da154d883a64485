import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const CONFIG = "wrangler.toml";
const OUT = "dist/bench";
const compatibilityDate = /^compatibility_date *= *"(.+)"/m.exec(readFileSync(CONFIG, "utf8"))![1]!;

/** A Worker as a deploy would upload it. */
export interface Bundle {
  name: string;
  compatibilityDate: string;
  /** File names with their text; the main module comes first. */
  modules: { name: string; text: string }[];
  gzipBytes: number;
}

/** Builds one Worker as a deploy would; unminified only where functions have to keep their names. */
export async function buildBundle(
  name: string,
  main: string,
  { config = CONFIG, minify = true } = {},
): Promise<Bundle> {
  const out = resolve(OUT, name);
  // What an earlier build left would be served, and weighed, too.
  await rm(out, { recursive: true, force: true });
  const args = ["deploy", main, "--config", config, "--compatibility-date", compatibilityDate];
  args.push("--dry-run", "--outdir", out, ...(minify ? ["--minify"] : []));
  await promisify(execFile)("wrangler", args, {
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  const names = readdirSync(out).filter((file) => file.endsWith(".js") || file.endsWith(".lua"));
  const modules = names
    .toSorted((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((file) => ({ name: file, text: readFileSync(join(out, file), "utf8") }));
  return {
    name,
    compatibilityDate,
    modules,
    gzipBytes: modules.reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).length, 0),
  };
}

/** A Worker that does nothing: what the runtime itself costs to start. */
export const EMPTY: Bundle = {
  name: "empty",
  compatibilityDate,
  modules: [{ name: "worker.js", text: "export default { fetch() { return new Response('{}'); } };\n" }],
  gzipBytes: 0,
};
