import { RollcallError } from "../client/index.ts";
import { explain } from "./explain.ts";
import type { Io } from "./io.ts";

const CLEAR = "\u001B[H\u001B[J";

/**
 * Shows something anew until the program is to end: on a terminal in place of what was there before, else below it; as JSON one
 * line each. Where the registry does not answer, what was seen last stays, and says so.
 *
 * @param pauseMs  from the end of a look to the beginning of the next
 * @throws {RollcallError} one that is not transient, such as `unauthorized`
 */
export async function watch(
  io: Io,
  pauseMs: number,
  json: boolean,
  look: () => Promise<{ value: unknown; text: string }>,
): Promise<void> {
  const { out, err, ending } = io;
  let seen: { text: string; at: number } | undefined;
  while (!ending.aborted) {
    try {
      const { value, text } = await look();
      seen = { text, at: io.now() };
      if (json) out.write(`${JSON.stringify(value)}\n`);
      else show(`as of ${timeOf(seen.at)}; every ${pauseMs / 1000} s, Ctrl-C ends`, text);
    } catch (error) {
      if (!(error instanceof RollcallError && error.transient)) throw error;
      if (json || !out.isTTY) err.write(`${explain(error)}\n`);
      else show(seen ? `as of ${timeOf(seen.at)}; now: ${explain(error)}` : explain(error), seen?.text ?? "");
    }
    await io.wait(pauseMs);
  }

  function show(head: string, text: string): void {
    const line = head.slice(0, out.columns);
    out.write(`${out.isTTY ? CLEAR : ""}${line}\n${text}`);
  }
}

const timeOf = (at: number): string => new Date(at).toISOString().slice(11, 19);
