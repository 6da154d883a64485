import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, inject, it } from "vitest";

const inFolder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Runs the suite against a bridged server; rejects with all that it says if a check fails that is not expected to. */
async function conformance(...args: string[]): Promise<void> {
  const program = inFolder("node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const url = new URL("/mcp/toolsets/conf", inject("openUrl")).href;
  const run = promisify(execFile)(process.execPath, [program, "server", "--url", url, ...args]);
  await run.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`${stdout}${stderr}`);
  });
}

describe("the official conformance suite", () => {
  it.each(["2026-07-28", "2025-11-25"])(
    "finds all that %s requires of a server of tools",
    async (revision) => {
      const expected = inFolder("expected-failures.yml");
      await conformance("--requirements", revision, "--expected-failures", expected);
    },
  );

  // The requirements run these and count none of them: the suite's own server does not pass them yet.
  it.each(["http-header-validation", "http-custom-header-server-validation", "json-schema-2020-12"])(
    "finds %s without fault",
    async (scenario) => {
      await conformance("--scenario", scenario, "--spec-version", "2026-07-28");
    },
  );
});
