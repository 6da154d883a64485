import type { Component, ImportResults, Registry } from "../client/index.ts";
import { readActivationFile } from "./activation-file.ts";
import { type Part, partsOf } from "./activation-parts.ts";
import { visible } from "./table.ts";
import { progressBar } from "./progress.ts";
import type { Io } from "./io.ts";

type Result = ImportResults["results"][number];
/** What became of one id. `index` and `line` say where in the file its component begins; null: the file has none. */
export type Imported = Result & { line: number | null };

export interface ImportSettings {
  isStatic: boolean;
  /** undefined: the registry's default */
  source: string | undefined;
  isDryRun: boolean;
  /** Nothing but the error is written where it stops: a program reads it. */
  json: boolean;
}

/**
 * Makes what the registry has of a source what an activation file says, part by part. A refused component does not stop the
 * others. Where it was interrupted it can be run again: what was done then is found to be so.
 *
 * @returns one per component, in the order of the file; then one per id that it lacks, in their order
 */
export async function importFile(
  client: Registry,
  text: string,
  settings: ImportSettings,
  io: Io,
): Promise<Imported[]> {
  const listed = readActivationFile(text);
  const bar = progressBar(io.err, listed.length);
  const components: Imported[] = [];
  const lacking: Imported[] = [];
  let done = 0;
  try {
    bar.at(0);
    for (const part of partsOf(listed)) {
      for (const result of await send(client, part, settings, io.ending)) {
        const item = result.index === null ? undefined : part.items[result.index]!;
        if (item) components[item.index] = { ...result, index: item.index, line: item.line };
        else lacking.push({ ...result, line: null });
      }
      done += part.items.length;
      bar.at(done);
    }
  } catch (error) {
    if (done > 0 && !io.ending.aborted && !settings.json) {
      bar.end();
      io.err.write(`stopped after ${done} of ${listed.length}; it can be run again from the start\n`);
    }
    throw error;
  } finally {
    bar.end();
  }
  return [...components, ...lacking];
}

async function send(
  client: Registry,
  { items, after, through }: Part,
  { isStatic, source, isDryRun }: ImportSettings,
  signal: AbortSignal,
): Promise<Result[]> {
  // The registry checks each of them.
  const components = items.map(({ component }) => component as Component);
  const options = { static: isStatic, source, dryRun: isDryRun, through, signal };
  let answer = await client.agents.import(components, { ...options, after });
  const { results } = answer;
  while (answer.next !== null) {
    answer = await client.agents.import(components, { ...options, after: answer.next });
    for (const result of answer.results) {
      if (result.index === null) results.push(result);
      // It was not yet come to. The others were done the first time.
      else if (results[result.index]!.outcome === "skipped") results[result.index] = result;
    }
  }
  return results;
}

export function reasonOf({ line, index, id, error, code }: Imported): string {
  const where = line === null ? id : `line ${line}: component ${index}${id === null ? "" : ` (${id})`}`;
  return visible(`${where}: ${error ?? code ?? "refused"}`);
}
