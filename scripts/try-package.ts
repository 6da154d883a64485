/**
 * Installs the package from its tarball into an empty folder, and runs it on several versions of Node:
 * `npm run package:try -- 20 22 24`. Downloads the versions that are missing.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = join(ROOT, "dist/npm");
const dir = mkdtempSync(join(tmpdir(), "rollcall-package-"));
const sh = (command: string, args: readonly string[], cwd = dir): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

const PROGRAM = `import { createClient, RollcallError } from "rollcall";
const error = await createClient({ url: "http://127.0.0.1:1" }).stats().catch((thrown) => thrown);
if (!(error instanceof RollcallError) || error.code !== "network") throw new Error(String(error));
console.log(process.version);
`;

try {
  sh(process.execPath, [join(ROOT, "scripts/package.ts")], ROOT);
  const [packed] = JSON.parse(sh("npm", ["pack", "--json", "--pack-destination", dir], PACKAGE)) as [
    { filename: string; size: number; unpackedSize: number },
  ];
  sh("npm", ["install", "--no-fund", "--no-audit", "--prefer-offline", join(dir, packed.filename)]);
  writeFileSync(join(dir, "program.mjs"), PROGRAM);
  console.log(`${packed.filename}: ${packed.size} bytes, ${packed.unpackedSize} unpacked`);
  for (const major of process.argv.slice(2)) {
    const node = (...args: string[]) =>
      sh("npx", ["--yes", "--package", `node@${major}`, "--", "node", ...args]);
    const ran = node("program.mjs");
    const version = node("node_modules/rollcall/lib/cli/main.js", "--version");
    console.log(`Node ${ran}: the client runs, and the command line is ${version}`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
