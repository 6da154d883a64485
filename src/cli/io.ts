/** Standard output or standard error. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY: boolean;
  /** How large the terminal is; undefined where it is none. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The parts of the process that the command line uses. */
export interface Io {
  out: Output;
  err: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Reads standard input to its end. */
  readInput: () => Promise<string>;
  /** Aborted when the program gets SIGINT or SIGTERM. */
  ending: AbortSignal;
  /** Waits so many ms, or until the program is to end. */
  wait: (ms: number) => Promise<void>;
  /** ms since the Unix epoch */
  now: () => number;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;

/** Colours only on a terminal, and not with NO_COLOR (no-color.org) or TERM=dumb. */
export function painter({ isTTY }: Output, env: Io["env"]): Paint {
  const plain = !isTTY || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return (style, text) => (plain ? text : `\u001B[${CODES[style]}m${text}\u001B[0m`);
}
