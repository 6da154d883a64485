/** A table: the first column is aligned to the left, the others to the right. */
export interface Table {
  title: string;
  /** Explains the columns. */
  note?: string;
  columns: string[];
  rows: string[][];
}

export function asText({ title, note, columns, rows }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [title, ...(note === undefined ? [] : [note]), "", line(columns), ...rows.map(line)].join("\n");
}

export function asMarkdown({ title, note, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    `## ${title}`,
    "",
    ...(note === undefined ? [] : [note, ""]),
    line(columns),
    line(columns.map((_, i) => (i === 0 ? "---" : "--:"))),
    ...rows.map(line),
  ].join("\n");
}

/** Rounds to three significant figures; a measurement is not more precise. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  if (size >= 10) return value.toFixed(1);
  return value === Math.round(value) ? String(value) : value.toFixed(2);
}
