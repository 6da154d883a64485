import type { Component, ImportResults, Registry } from "../client/index.ts";
import { readActivationFile } from "./activation-file.ts";
import { visible } from "./table.ts";
import { progressBar } from "./progress.ts";
import type { Io } from "./io.ts";

type Result = ImportResults["results"][number];
export type Imported = Result & { line: number };

/** Few enough that a bar moves, and that no body is too large. */
const CHUNK_ITEMS = 50;
const CHUNK_BYTES = 200_000;

/** Registers what an activation file lists, piece by piece; a refusal of one stops no other. */
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
      const components = chunk.map(({ component }) => component as Component);
      const { results } = await client.agents.import(components, { static: isStatic, signal: io.ending });
      done.push(...results.map((result, i) => ({ ...result, index: done.length + i, line: chunk[i]!.line })));
      bar.at(done.length);
    }
  } catch (error) {
    if (done.length > 0 && !io.ending.aborted) {
      bar.end();
      io.err.write(`stopped after ${done.length} of ${listed.length}; to begin again does no harm\n`);
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
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (chunk.length === CHUNK_ITEMS || (chunk.length > 0 && bytes + size > CHUNK_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
