import { spawn } from "node:child_process";

/**
 * Runs a file in this Node, in front of the user. Its exit code becomes ours.
 *
 * @param env  what it gets besides our environment
 * @returns resolves once it has ended
 */
export function run(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  // A terminal sends Ctrl-C to both: we stay until the other has ended.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill());
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });
}
