/**
 * Builds what is published, under dist/npm: the client and the command line, the registry that runs in a Node.js process, and
 * the built Worker for `rollcall dev`.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { experimental_readRawConfig } from "wrangler";
import { wireTypes } from "./wire-types.ts";

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
  engines: object;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "dist/npm");
const WORKER = join(OUT, "worker");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

const run = (name: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(ROOT, "node_modules", name), ...args], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
const pick = (from: Record<string, string>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));
/** Whoever installs the package may have another release of the same kind already. */
const compatible = (versions: Record<string, string>) =>
  Object.fromEntries(Object.entries(versions).map(([of, exact]) => [of, `^${exact}`]));
const writeJson = (path: string, value: unknown) =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

rmSync(OUT, { recursive: true, force: true });
run("typescript/bin/tsc", "-p", "scripts/tsconfig.package.json");
writeFileSync(join(OUT, "lib/client/wire.d.ts"), wireTypes());
// One file, so that the package needs none of the server's packages. An older Node.js has to read it, to say that it is too old.
buildSync({
  entryPoints: [join(ROOT, "src/local/index.ts")],
  outfile: join(OUT, "lib/local/index.js"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  tsconfigRaw: {},
});
run("typescript/bin/tsc", "-p", "scripts/tsconfig.package-local.json");
run("wrangler/bin/wrangler.js", "deploy", "--dry-run", "--minify", "--outdir", WORKER);
for (const name of readdirSync(WORKER)) {
  if (!/\.(js|lua)$/.test(name)) rmSync(join(WORKER, name));
}

const { name, version, description, license, keywords, engines, dependencies, devDependencies } = manifest;
writeJson(join(OUT, "package.json"), {
  name,
  version,
  description,
  license,
  keywords,
  type: "module",
  bin: { rollcall: "lib/cli/main.js" },
  exports: {
    ".": { types: "./lib/client/index.d.ts", default: "./lib/client/index.js" },
    "./local": { types: "./lib/local/index.d.ts", default: "./lib/local/index.js" },
    "./package.json": "./package.json",
  },
  // Of the server's own files, only what the client's types import.
  files: [
    "lib/client/*.js",
    "lib/client/*.d.ts",
    "lib/core/problem.d.ts",
    "lib/cli/**/*.js",
    "lib/bridge/*.js",
    "lib/local",
    "worker",
    "CHANGELOG.md",
  ],
  sideEffects: false,
  engines,
  dependencies: compatible(pick(dependencies, ["citty"])),
  // For `rollcall bridge` alone.
  peerDependencies: pick(devDependencies, ["@modelcontextprotocol/client"]),
  peerDependenciesMeta: { "@modelcontextprotocol/client": { optional: true } },
  devTools: pick(devDependencies, ["node", "wrangler"]),
});

// The deployment is described once, by wrangler.toml: what is built already is all that differs.
const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") });
const { upload_source_maps: _maps, build: _build, assets, ...deployment } = rawConfig;
cpSync(join(ROOT, assets!.directory), join(WORKER, "assets"), { recursive: true });
writeJson(join(WORKER, "wrangler.json"), {
  ...deployment,
  main: "worker.js",
  no_bundle: true,
  assets: { ...assets, directory: "assets" },
});
for (const text of ["LICENSE", "CHANGELOG.md"]) copyFileSync(join(ROOT, text), join(OUT, text));
copyFileSync(join(ROOT, "src/client/README.md"), join(OUT, "README.md"));
