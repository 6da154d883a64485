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
  /** Sees standard output as it grows. */
  onOut?: (text: string) => void;
}

/** Runs the command line in this process, on a terminal or in a pipe. */
export async function rollcall(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { env = {}, input = "", isTTY = false, ending = new AbortController().signal, onOut } = options;
  const written = { out: "", err: "" };
  const output = (name: "out" | "err") => ({
    isTTY,
    write(text: string) {
      written[name] += text;
      if (name === "out") onOut?.(written.out);
    },
  });
  const io = { out: output("out"), err: output("err"), env, ending, readInput: async () => input };
  return { code: await run(argv, io), ...written };
}
