import { type FileHandle, open, rename, rm } from "node:fs/promises";
import type { Registry } from "../../client/index.ts";
import { command } from "../command.ts";
import type { Io } from "../io.ts";
import { progressText } from "../progress.ts";
import { counted } from "../table.ts";

/** `export` itself is no name. */
export const exportCommand = command({
  description: "Write down everything that is registered, without secrets: a backup",
  examples: ["export --out backup.ndjson", "export | gzip > backup.ndjson.gz"],
  args: {
    out: {
      type: "string",
      description: "The file, which is there once it is complete (standard output)",
    },
  },
  async run({ args: { out }, client, io, answer }) {
    if (out === undefined) {
      await write(client, io, async (text) => void io.out.write(text));
      return;
    }
    const unfinished = `${out}.part`;
    const file = await open(unfinished, "w");
    let lines: number;
    try {
      lines = await writeWhole(client, io, file);
      await rename(unfinished, out);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    answer({ file: out, lines }, () => `${counted(lines, "line")} in ${out}\n`);
  },
});

/** What is in the file is on the disk when this is over. */
async function writeWhole(client: Registry, io: Io, file: FileHandle): Promise<number> {
  try {
    const lines = await write(client, io, (text) => file.appendFile(text));
    await file.sync();
    return lines;
  } finally {
    await file.close();
  }
}

/** @returns how many lines were written */
async function write(
  { backup }: Registry,
  { err, ending }: Io,
  append: (text: string) => Promise<void>,
): Promise<number> {
  const progress = progressText(err);
  let lines = 0;
  try {
    for (let cursor: string | null | undefined; cursor !== null;) {
      const part = await backup.part({ signal: ending, ...(cursor !== undefined && { cursor }) });
      // Each answer has a header; the first is of them all.
      const own = cursor === undefined ? part.lines : part.lines.filter(({ kind }) => kind !== "header");
      await append(own.map((line) => `${JSON.stringify(line)}\n`).join(""));
      lines += own.length;
      progress.say(counted(lines, "line"));
      ({ cursor } = part);
    }
  } finally {
    progress.end();
  }
  return lines;
}
