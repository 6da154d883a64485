import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { buildWorker, startWorker } from "../../support/worker.node.ts";
import { forward } from "./forward.ts";
import { API_KEYS, keyOf } from "./keys.ts";
import { official } from "./official-servers.ts";

const CONFORMANCE = [process.execPath, fileURLToPath(new URL("../conformance-server.mjs", import.meta.url))];

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
    forward({ url: open.url }, "conf", CONFORMANCE),
    forward(withKey, "conf", CONFORMANCE),
    forward(withKey, "everything", official("everything")),
    forward(withKey, "files", official("filesystem", files)),
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
    /** Where keys are asked for; the toolsets `conf`, `everything` and `files` are there. */
    keyedUrl: string;
    /** The folder that `files` serves. */
    filesFolder: string;
  }
}
