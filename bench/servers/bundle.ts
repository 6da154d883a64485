import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const CONFIG = "wrangler.toml";
const OUT = "dist/bench";

/** The largest size of a deploy, compressed; `npm run size` fails above it. */
export const BUNDLE_KIB_MAX = 175;

/** A Worker as a deploy would upload it. */
export interface Bundle {
  name: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  /** Durable Object classes by binding. */
  objects: Record<string, string>;
  /** File names with their text; the main module comes first. */
  modules: { name: string; text: string }[];
  gzipBytes: number;
}

/**
 * Builds one Worker as a deploy would; unminified only where functions have to keep their names.
 *
 * @param name  where it is put, under dist/bench
 * @param main  the entry file, relative to `root`
 * @param root  the folder of a checkout, with its node_modules
 * @param config  the wrangler.toml that names the object classes, relative to `root`
 */
export async function buildBundle(
  name: string,
  main: string,
  { root = ".", config = CONFIG, minify = true } = {},
): Promise<Bundle> {
  const out = resolve(OUT, name);
  // Files that an earlier build left would be served and counted.
  await rm(out, { recursive: true, force: true });
  const compatibilityDate = compatibilityDateIn(root);
  const args = ["deploy", main, "--config", config, "--compatibility-date", compatibilityDate];
  args.push("--dry-run", "--outdir", out, ...(minify ? ["--minify"] : []));
  await promisify(execFile)("wrangler", args, {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  const compatibilityFlags = compatibilityFlagsIn(root);
  const objects = objectsIn(join(root, config));
  return { name, compatibilityDate, compatibilityFlags, objects, ...modulesIn(out) };
}

/** Builds the Worker of a checkout, or reads one that `wrangler deploy --outdir` has built; the latter runs with the bindings of our wrangler.toml. */
export async function bundleOf(name: string, folder: string): Promise<Bundle> {
  if (existsSync(join(folder, CONFIG))) return buildBundle(name, "src/worker.ts", { root: folder });
  return {
    name,
    compatibilityDate: compatibilityDateIn("."),
    compatibilityFlags: compatibilityFlagsIn("."),
    objects: objectsIn(CONFIG),
    ...modulesIn(folder),
  };
}

const read = (file: string): string => readFileSync(file, "utf8");

const compatibilityDateIn = (root: string): string =>
  /^compatibility_date *= *"(.+)"/m.exec(read(join(root, CONFIG)))![1]!;

/** None in a checkout from before there were any. */
const compatibilityFlagsIn = (root: string): string[] => {
  const [, list = "[]"] = /^compatibility_flags *= *(\[.+\])/m.exec(read(join(root, CONFIG))) ?? [];
  return JSON.parse(list) as string[];
};

const objectsIn = (config: string): Record<string, string> =>
  Object.fromEntries(
    [...read(config).matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"/gm)].map(([, binding, className]) => [
      binding!,
      className!,
    ]),
  );

function modulesIn(folder: string): Pick<Bundle, "modules" | "gzipBytes"> {
  const names = readdirSync(folder).filter((file) => file.endsWith(".js") || file.endsWith(".lua"));
  const modules = names
    .toSorted((a, b) => Number(b.endsWith(".js")) - Number(a.endsWith(".js")))
    .map((file) => ({ name: file, text: read(join(folder, file)) }));
  if (modules.length === 0) throw new Error(`${folder} holds neither a ${CONFIG} nor a built Worker`);
  return {
    modules,
    // All in one, as wrangler counts what it uploads.
    gzipBytes: gzipSync(modules.map(({ text }) => text).join("")).length,
  };
}

/** A Worker that does nothing; its start-up is the runtime's own. */
export const EMPTY: Bundle = {
  name: "empty",
  compatibilityDate: compatibilityDateIn("."),
  compatibilityFlags: [],
  objects: {},
  modules: [{ name: "worker.js", text: "export default { fetch() { return new Response('{}'); } };\n" }],
  gzipBytes: 0,
};
