/** One of the two ways out. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY: boolean;
}

/** What the command line is given of the process it runs in. */
export interface Io {
  out: Output;
  err: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Everything on standard input. */
  readInput: () => Promise<string>;
  /** Aborted when the program is asked to end. */
  ending: AbortSignal;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;

/** Colours are for terminals whose owner has not declined them (no-color.org). */
export function painter({ isTTY }: Output, env: Io["env"]): Paint {
  const plain = !isTTY || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return (style, text) => (plain ? text : `\u001B[${CODES[style]}m${text}\u001B[0m`);
}
