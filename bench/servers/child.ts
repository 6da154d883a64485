import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Child<T> {
  pid: number;
  /** The message that it sent when it was ready. */
  ready: T;
  stop(): Promise<void>;
}

/** Starts a module as a process of its own. It sends one message when it is ready, and ends when we disconnect. */
export async function forkChild<T>(module: URL, env: Record<string, string> = {}): Promise<Child<T>> {
  const child = fork(fileURLToPath(module), { env: { ...process.env, ...env } });
  const ready = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`${module.pathname} ended with ${String(code)} before it was ready`);
    }),
  ]);
  return { pid: child.pid!, ready: ready[0] as T, stop: () => hangUp(child) };
}

async function hangUp(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || !child.connected) return;
  const ended = once(child, "exit");
  child.disconnect();
  await ended;
}

/** In the child: sends `ready`, and calls `stop` when the parent disconnects or has ended. */
export function serveParent(ready: unknown, stop: () => Promise<void>): void {
  process.once("disconnect", () => void stop().finally(() => process.exit()));
  process.on("SIGINT", () => undefined);
  process.send!(ready);
}
