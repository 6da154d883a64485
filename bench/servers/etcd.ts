import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { endWithUs } from "./end-with-us.ts";
import { freePort } from "./free-port.ts";

const START_TIMEOUT_MS = 15_000;

export interface RunningEtcd {
  url: string;
  pid: number;
  version: string;
  stop(): Promise<void>;
}

/** A single etcd with its JSON gateway, or undefined where it is not installed. */
export async function startEtcd(): Promise<RunningEtcd | undefined> {
  const { stdout, error } = spawnSync("etcd", ["--version"], { encoding: "utf8" });
  if (error) return undefined;
  const dir = await mkdtemp(join(tmpdir(), "rollcall-etcd-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    "data-dir": dir,
    "log-level": "error",
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = endWithUs(spawn("etcd", args, { stdio: "ignore" }));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("etcd does not answer");
    await sleep(50);
  }
  return {
    url,
    pid: child.pid!,
    version: /etcd Version: (\S+)/.exec(stdout)?.[1] ?? "unknown",
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const { body } = await request(`${url}/health`);
    return (await body.text()).includes("true");
  } catch {
    return false;
  }
}
