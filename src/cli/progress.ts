import type { Output } from "./io.ts";

const WIDTH = 30;

/** A bar that is redrawn in place; nothing if the output is not a terminal. */
export function progressBar(output: Output, total: number): { at(done: number): void; end(): void } {
  if (!output.isTTY) return { at: () => {}, end: () => {} };
  return {
    at(done) {
      const full = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
      output.write(`\r${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${done}/${total}`);
    },
    end: () => output.write("\r\u001B[K"),
  };
}
