/** Per request. The registry takes 1,000; with few the progress moves. */
const PART_LINES = 200;
/** Per request; the registry takes 1 MiB. */
const PART_BYTES = 1_000_000;

export interface BackupPart {
  lines: string[];
  /** Of the first one in the file, from 1. */
  firstLine: number;
}

/** What one request carries of a backup, part by part; empty lines are left out. A line that is too large is a part of its own. */
export function* backupParts(text: string): Generator<BackupPart> {
  let part: BackupPart = { lines: [], firstLine: 1 };
  let bytes = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const size = Buffer.byteLength(line) + 1;
    if (part.lines.length >= PART_LINES || (part.lines.length > 0 && bytes + size > PART_BYTES)) {
      yield part;
      part = { lines: [], firstLine: index + 1 };
      bytes = 0;
    }
    part.lines.push(line);
    bytes += size;
  }
  yield part;
}
