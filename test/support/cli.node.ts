import { run } from "../../src/cli/run.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

export interface Circumstances {
  env?: Record<string, string>;
  input?: string;
  isTTY?: boolean;
  ending?: AbortSignal;
  /** Sees standard output as it grows. */
  onOut?: (text: string) => void;
}

/** Runs the command line in this process, on a terminal or in a pipe. */
export async function rollcall(argv: readonly string[], circumstances: Circumstances = {}): Promise<Ran> {
  const { env = {}, input = "", isTTY = false, ending = new AbortController().signal, onOut } = circumstances;
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
