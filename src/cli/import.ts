import type { Component, ImportResults, Registry } from "../client/index.ts";
import { readActivationFile } from "./activation-file.ts";
import { visible } from "./table.ts";
import { progressBar } from "./progress.ts";
import type { Io } from "./io.ts";

/** One component's result, and the line of the file on which the component begins. */
export type Imported = ImportResults["results"][number] & { line: number };

/** Per request. Few, so that the progress bar moves. */
const CHUNK_ITEMS = 50;
/** Per request; the registry takes 256 KiB. */
const CHUNK_CHARS = 200_000;

/** Registers the components of an activation file in chunks. A refused component does not stop the others. */
export async function importFile(
  client: Registry,
  text: string,
  isStatic: boolean,
  io: Io,
): Promise<Imported[]> {
  const listed = readActivationFile(text);
  const bar = progressBar(io.err, listed.length);
  const done: Imported[] = [];
  try {
    bar.at(0);
    for (const chunk of chunks(listed, ({ component }) => JSON.stringify(component).length)) {
      // The registry checks each of them.
      const components = chunk.map(({ component }) => component as Component);
      const { results } = await client.agents.import(components, { static: isStatic, signal: io.ending });
      done.push(...results.map((result, i) => ({ ...result, index: done.length + i, line: chunk[i]!.line })));
      bar.at(done.length);
    }
  } catch (error) {
    if (done.length > 0 && !io.ending.aborted) {
      bar.end();
      io.err.write(`stopped after ${done.length} of ${listed.length}; it can be run again from the start\n`);
    }
    throw error;
  } finally {
    bar.end();
  }
  return done;
}

export const reasonOf = ({ line, index, id, error, code }: Imported): string =>
  visible(`line ${line}: component ${index}${id === null ? "" : ` (${id})`}: ${error ?? code ?? "refused"}`);

function* chunks<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<T[]> {
  let chunk: T[] = [];
  let chars = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length === CHUNK_ITEMS || (chunk.length > 0 && chars + size > CHUNK_CHARS)) {
      yield chunk;
      chunk = [];
      chars = 0;
    }
    chunk.push(item);
    chars += size;
  }
  if (chunk.length > 0) yield chunk;
}
