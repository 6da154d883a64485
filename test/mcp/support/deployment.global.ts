import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { buildWorker, startWorker } from "../../support/worker.node.ts";
import { bridged } from "./bridged.ts";
import { API_KEYS, keyOf } from "./keys.ts";
import { official } from "./official-servers.ts";

const CONFORMANCE = {
  command: process.execPath,
  args: [fileURLToPath(new URL("../conformance-server.mjs", import.meta.url))],
  env: {},
};

/** One Worker for all tests, open and with keys, with MCP servers behind it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bundle = await buildWorker();
  const [open, keyed] = await Promise.all([
    startWorker(bundle, { ACCESS: "open" }),
    startWorker(bundle, { API_KEYS }),
  ]);
  const files = await realpath(await mkdtemp(join(tmpdir(), "rollcall-files-")));
  const withKey = { url: keyed.url, key: keyOf("provider") };
  const bridges = await Promise.all([
    bridged({ url: open.url }, "conf", CONFORMANCE),
    bridged(withKey, "conf", CONFORMANCE),
    bridged(withKey, "mortal", CONFORMANCE),
    bridged(withKey, "everything", official("everything")),
    bridged(withKey, "files", official("filesystem", files)),
  ]);
  project.provide("openUrl", open.url);
  project.provide("keyedUrl", keyed.url);
  project.provide("filesFolder", files);
  return async () => {
    await Promise.all(bridges.map((bridge) => bridge[Symbol.asyncDispose]()));
    await Promise.all([open.stop(), keyed.stop()]);
    await rm(files, { recursive: true });
  };
}

declare module "vitest" {
  interface ProvidedContext {
    /** Where everyone may do everything; the toolset `conf` is there. */
    openUrl: string;
    /** Where keys are asked for; the toolsets `conf`, `everything` and `files` are there, and `mortal`, the same as `conf`. */
    keyedUrl: string;
    /** The folder that `files` serves. */
    filesFolder: string;
  }
}
