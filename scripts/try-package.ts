/**
 * Installs the package from its tarball into an empty folder, and does the first round with it on several versions of Node,
 * on a registry that `rollcall dev` serves: `npm run package:try -- 20 22.13 24`. Chromium opens the pages of the first of them.
 * Downloads the versions of Node that are missing, and what `rollcall dev` does.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launchChromium } from "../test/support/chromium.node.ts";
import { freePort } from "../test/support/redis-server.node.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = join(ROOT, "dist/npm");
const SUPPORT = join(ROOT, "test/support");
const dir = mkdtempSync(join(tmpdir(), "rollcall-package-"));

/** npm and npx are no programs but scripts on Windows, where nothing but a shell starts them. */
const isWindows = process.platform === "win32";
const sh = (command: string, args: readonly string[], cwd = dir): string =>
  execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: isWindows && command !== process.execPath,
  }).trim();

/** The registry of the installed package, from when it can be asked until it is disposed of. */
async function served(node: string) {
  const port = await freePort();
  const main = join(dir, "node_modules/rollcall/lib/cli/main.js");
  const child = spawn(node, [main, "dev", "--port", String(port)], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: [dirname(node), process.env["PATH"]].join(delimiter) },
  });
  const ended = once(child, "exit");
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on("line", (line) => line.includes("Ready on") && resolve());
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error("rollcall dev has ended")))]);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

async function openInChromium(url: string): Promise<void> {
  await using browser = await launchChromium();
  const page = await browser.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on(
    "response",
    (answer) => answer.status() >= 400 && wrong.push(`${answer.url()}: ${answer.status()}`),
  );
  for (const path of ["/", "/docs"]) {
    await page.goto(url + path, { waitUntil: "networkidle" });
    const rules = await page.evaluate<number>("document.styleSheets[0]?.cssRules.length ?? 0");
    if (rules === 0) wrong.push(`${path} has no style`);
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}

try {
  sh(process.execPath, [join(ROOT, "scripts/package.ts")], ROOT);
  const [packed] = JSON.parse(sh("npm", ["pack", "--json", "--pack-destination", dir], PACKAGE)) as [
    { filename: string; size: number; unpackedSize: number },
  ];
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as {
    peerDependencies: Record<string, string>;
  };
  const peers = Object.entries(peerDependencies).map(([name, version]) => `${name}@${version}`);
  const quietly = ["--no-fund", "--no-audit", "--prefer-offline"];
  sh("npm", ["install", ...quietly, join(dir, packed.filename), ...peers]);
  for (const round of ["package-round.mjs", "local-round.mjs"])
    copyFileSync(join(SUPPORT, round), join(dir, round));
  console.log(`${packed.filename}: ${packed.size} bytes, ${packed.unpackedSize} unpacked`);
  for (const [nth, major] of process.argv.slice(2).entries()) {
    const node = sh("npx", ["--yes", "--package", `node@${major}`, "--", "node", "-p", "process.execPath"]);
    await using registry = await served(node);
    console.log(sh(node, ["package-round.mjs", registry.url, join(SUPPORT, "stdio-mcp-server.mjs")]));
    const local = sh(node, ["local-round.mjs"]);
    console.log(local);
    const isTooOld = Number.parseInt(major, 10) < 22;
    if (local.endsWith(": found a and got HI, in this process") === isTooOld)
      throw new Error(`rollcall/local on ${major}: ${local}`);
    if (nth > 0) continue;
    await openInChromium(registry.url);
    console.log("Chromium opens the pages, and finds nothing wrong");
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
