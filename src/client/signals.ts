/** The part of Node's `process` that is used here. Bun has it too; browsers and Workers may not. */
interface Process {
  pid: number;
  on(signal: string, listener: () => void): unknown;
  off(signal: string, listener: () => void): unknown;
  listenerCount(signal: string): number;
  kill(pid: number, signal: string): unknown;
}

type Leave = () => Promise<unknown>;

const watched = new Map<string, { leaving: Set<Leave>; stop: () => void }>();

/**
 * Runs `leave` when the process gets the signal. When all such functions are done, the process ends, unless the program has a
 * listener for the signal itself. A second signal ends the process at once.
 *
 * @param signal  such as `SIGTERM`
 * @returns       a function that cancels this
 */
export function onSignal(signal: string, leave: Leave): () => void {
  const { process } = globalThis as { process?: Partial<Process> };
  if (typeof process?.on !== "function" || typeof process.kill !== "function") return () => {};
  const watch = watched.get(signal) ?? watchFor(process as Process, signal);
  watch.leaving.add(leave);
  return () => {
    watch.leaving.delete(leave);
    if (watch.leaving.size === 0) watch.stop();
  };
}

function watchFor(process: Process, signal: string) {
  const leaving = new Set<Leave>();
  const stop = () => {
    process.off(signal, listener);
    if (watched.get(signal) === watch) watched.delete(signal);
  };
  const listener = () => {
    const leaves = [...leaving];
    stop();
    void Promise.allSettled(leaves.map((leave) => leave())).then(() => {
      // A listener suppresses the signal's default effect, so it is sent again without one.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  const watch = { leaving, stop };
  watched.set(signal, watch);
  process.on(signal, listener);
  return watch;
}
