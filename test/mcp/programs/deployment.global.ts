import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort } from "../../support/redis-server.node.ts";
import { buildWorker, startWorker } from "../../support/worker.node.ts";
import { bridged } from "../support/bridged.ts";
import { API_KEYS, keyOf } from "../support/keys.ts";
import { official } from "../support/official-servers.ts";

/** One Worker with keys for all tests, with three of the official servers behind it, one of them over HTTP. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [worker, everything, home] = await Promise.all([
    buildWorker().then((bundle) => startWorker(bundle, { API_KEYS })),
    everythingOverHttp(),
    mkdtemp(join(tmpdir(), "rollcall-home-")),
  ]);
  const withKey = { url: worker.url, key: keyOf("provider") };
  const memory = { ...official("memory"), env: { MEMORY_FILE_PATH: join(home, "memory.json") } };
  const bridges = await Promise.all([
    bridged(withKey, "memory", memory),
    bridged(withKey, "sequential-thinking", official("sequential-thinking")),
    bridged(withKey, "everything-http", { url: everything.url, headers: {} }),
  ]);
  project.provide("keyedUrl", worker.url);
  project.provide("home", home);
  return async () => {
    await Promise.all(bridges.map((bridge) => bridge[Symbol.asyncDispose]()));
    await Promise.all([worker.stop(), everything.stop()]);
    await rm(home, { recursive: true });
  };
}

async function everythingOverHttp(): Promise<{ url: URL; stop(): Promise<void> }> {
  const port = await freePort();
  const { command, args } = official("everything", "streamableHttp");
  const env = { ...process.env, PORT: String(port) };
  const server = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(server, "exit");
  // Its first words say that it listens.
  await Promise.race([
    once(server.stderr, "data"),
    ended.then(() => Promise.reject(new Error("not started"))),
  ]);
  server.stderr.resume();
  return {
    url: new URL(`http://127.0.0.1:${port}/mcp`),
    async stop() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

declare module "vitest" {
  interface ProvidedContext {
    /** A folder in which programs may keep what they know. */
    home: string;
  }
}
