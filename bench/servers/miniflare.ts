import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf } from "../load/usage.ts";
import { forkChild } from "./child.ts";
import type { RunningWorker, WorkerSpec } from "./worker.ts";

export async function startMiniflare(spec: WorkerSpec): Promise<RunningWorker> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-miniflare-"));
  const path = join(dir, "spec.json");
  await writeFile(path, JSON.stringify(spec));
  const child = await forkChild<{ url: string }>(new URL("miniflare.process.ts", import.meta.url), {
    SPEC: path,
  });
  return {
    runtime: "miniflare",
    url: child.ready.url,
    pid: childrenOf(child.pid)[0] ?? child.pid,
    async stop() {
      await child.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
