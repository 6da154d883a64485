/** What this needs of Node's `process`; Bun has it too, browsers and Workers need not. */
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
 * Has `leave` run when the process is told to end, and lets it end once everyone has left, unless the program listens for the
 * signal itself: then that is its affair. A second signal ends it at once.
 *
 * @returns what takes it back
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
      // Listening took the signal's effect away; this gives it back.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  const watch = { leaving, stop };
  watched.set(signal, watch);
  process.on(signal, listener);
  return watch;
}
