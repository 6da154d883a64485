import { run } from "../../src/cli/run.ts";

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  input?: string;
  isTTY?: boolean;
  ending?: AbortSignal;
  /** How large the terminal is. */
  columns?: number;
  rows?: number;
  /** In place of a wait. */
  wait?: (ms: number) => Promise<void>;
  /** ms since the Unix epoch, in place of the real time */
  now?: () => number;
  /** Sees standard output as it grows. */
  onOut?: (text: string) => void;
}

/** Runs the command line in this process, on a terminal or in a pipe. */
export async function rollcall(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, input = "", isTTY = false, ending = new AbortController().signal, onOut } = options;
  const { columns, rows, wait = async () => {}, now = Date.now } = options;
  const written = { out: "", err: "" };
  const output = (name: "out" | "err") => ({
    isTTY,
    columns,
    rows,
    write(text: string) {
      written[name] += text;
      if (name === "out") onOut?.(written.out);
    },
  });
  const io = { out: output("out"), err: output("err"), env, ending, readInput: async () => input, wait, now };
  return { code: await run(argv, io), ...written };
}
