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

/** A text that is written anew in place; nothing if the output is not a terminal. */
export function progressText(output: Output): { say(text: string): void; end(): void } {
  if (!output.isTTY) return { say: () => {}, end: () => {} };
  const clear = "\r\u001B[K";
  return { say: (text) => output.write(clear + text), end: () => output.write(clear) };
}
