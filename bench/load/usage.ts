import { readdirSync, readFileSync } from "node:fs";

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/** ms of CPU that all threads of a process have used so far; NaN on systems without /proc. */
export function cpuMs(pid: number): number {
  let ns = 0;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ")[0] ?? 0);
    }
  } catch {
    return Number.NaN;
  }
  return ns / 1e6;
}

/** Resident memory of a process in bytes; NaN on systems without /proc. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kib === undefined ? Number.NaN : Number(kib) * 1024;
}

/** How many files a process may have open; Infinity where nothing limits it, and on systems without /proc. */
export function openFilesMax(pid: number): number {
  const soft = /^Max open files +(\d+)/m.exec(read(`/proc/${pid}/limits`) ?? "")?.[1];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

export const childrenOf = (pid: number): number[] =>
  (read(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter(Boolean).map(Number);
