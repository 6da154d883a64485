import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs } from "./end-with-us.ts";

/** What others have made: a server to be compared with, or a tool that checks. */
export type Program = "etcd" | "nats-server" | "promtool";

export interface RunningProgram {
  pid: number;
  version: string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 50;
/** Debian puts servers where only root looks. */
const ENV = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` };

/** @throws if one of them is not installed */
export function requirePrograms(programs: readonly Program[]): void {
  const absent = programs.filter((program) => spawnSync(program, ["--version"], { env: ENV }).error);
  if (absent.length === 0) return;
  throw new Error(`not installed: ${absent.join(", ")}; scripts/setup.sh --bench installs what is missing`);
}

/**
 * Starts a program with an empty folder for its data.
 *
 * @param args     of the command line, given the folder
 * @param isReady  whether it answers; may reject where it does not
 * @throws if it is not installed, or does not answer within 15 s
 */
export async function startProgram(
  program: Program,
  args: (dir: string) => readonly string[],
  isReady: () => Promise<boolean>,
): Promise<RunningProgram> {
  requirePrograms([program]);
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8", env: ENV });
  const dir = await mkdtemp(join(tmpdir(), `rollcall-${program}-`));
  const child = endWithUs(spawn(program, args(dir), { stdio: "ignore", env: ENV }));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${program} does not answer`);
    await sleep(POLL_MS);
  }
  return {
    pid: child.pid!,
    version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "unknown",
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
