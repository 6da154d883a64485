import { readFile } from "node:fs/promises";
import type { Restored } from "../../client/index.ts";
import { backupParts } from "../backup-parts.ts";
import { command } from "../command.ts";
import { progressBar } from "../progress.ts";
import { visible } from "../table.ts";

const KINDS = ["agents", "toolsets", "drains", "overrides"] as const;
const OUTCOMES = ["restored", "kept", "waiting"] as const;

export const restore = command({
  description: "Put back what a backup has and the registry lacks; it can be repeated, and interrupted",
  examples: ["restore backup.ndjson --dry-run", "restore backup.ndjson", "restore - < some-lines.ndjson"],
  args: {
    file: { type: "positional", description: "What export wrote; - for standard input", required: true },
    "dry-run": { type: "boolean", description: "Say what would be restored, and restore nothing" },
  },
  async run({ args, client, io, json, answer, table }) {
    const text = args.file === "-" ? await io.readInput() : await readFile(args.file, "utf8");
    const isDryRun = args["dry-run"] === true;
    const parts = [...backupParts(text)];
    const total = parts.reduce((sum, { lines }) => sum + lines.length, 0);
    const none = () => ({ agents: 0, drains: 0, overrides: 0, toolsets: 0 });
    const all: Restored = { dry_run: isDryRun, restored: none(), kept: none(), waiting: none(), failed: [] };
    const bar = progressBar(io.err, total);
    let done = 0;
    try {
      bar.at(0);
      for (const { lines, firstLine } of parts) {
        const part = await client.backup.restore(lines, { dryRun: isDryRun, signal: io.ending });
        for (const outcome of OUTCOMES) for (const kind of KINDS) all[outcome][kind] += part[outcome][kind];
        all.failed.push(...part.failed.map((one) => ({ ...one, line: firstLine - 1 + one.line })));
        bar.at((done += lines.length));
      }
    } catch (error) {
      if (done > 0 && !json) {
        bar.end();
        io.err.write(`stopped after line ${done} of ${total}; it can be run again from the start\n`);
      }
      throw error;
    } finally {
      bar.end();
    }
    const complete = isComplete(text);
    const headings = ["", isDryRun ? "TO RESTORE" : "RESTORED", "KEPT", "WAITING"];
    const rows = KINDS.map((kind) => [kind, ...OUTCOMES.map((outcome) => String(all[outcome][kind]))]);
    answer({ ...all, complete }, () => table(headings, rows));
    if (!json) io.err.write(notesOn(all, complete));
    return all.failed.length > 0 || !complete ? 1 : 0;
  },
});

/** A backup that begins with its header ends with how much there was. Lines that were picked out of one have neither. */
function isComplete(text: string): boolean {
  if (!text.startsWith('{"kind":"header"')) return true;
  const lines = text.trimEnd();
  return lines.startsWith('{"kind":"end"', lines.lastIndexOf("\n") + 1);
}

function notesOn({ waiting, failed }: Restored, complete: boolean): string {
  const notes = failed.map(({ line, id, error, code }) =>
    visible(`line ${line}${id === null ? "" : ` (${id})`}: ${error ?? code ?? "refused"}`),
  );
  if (waiting.agents > 0) notes.push("Agents that call in are not made: they come back by themselves.");
  if (waiting.drains + waiting.overrides > 0)
    notes.push("Run it again once they are back: drains and overrides wait for their agents.");
  if (!complete) notes.push("The backup was cut off: it has no last line.");
  return notes.map((note) => `${note}\n`).join("");
}
