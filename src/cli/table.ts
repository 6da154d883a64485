import type { Paint } from "./io.ts";

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Replaces control and format characters: text from the registry must not control the terminal. */
export const visible = (text: string): string => text.replace(INVISIBLE, "\uFFFD");

const graphemes = new Intl.Segmenter();
const widthOf = (text: string): number => [...graphemes.segment(text)].length;

/**
 * Lines of columns, each as wide as its widest cell.
 *
 * @param style  styles a cell by its text
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  style: (cell: string, column: number) => string = (cell) => cell,
): string {
  const cells = rows.map((row) => row.map(visible));
  const widths = headings.map((heading, i) =>
    Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[i] ?? ""))),
  );
  const line = (row: readonly string[], styled: (cell: string, column: number) => string) =>
    row
      .map((cell, i) => {
        const padding = i === row.length - 1 ? "" : " ".repeat(widths[i]! - widthOf(cell));
        return styled(cell, i) + padding;
      })
      .join("  ")
      .trimEnd();
  const lines = [line(headings, (cell) => paint("bold", cell)), ...cells.map((row) => line(row, style))];
  return `${lines.join("\n")}\n`;
}

const STYLES: Record<string, Parameters<Paint>[0]> = {
  available: "green",
  healthy: "green",
  closed: "green",
  busy: "yellow",
  degraded: "yellow",
  draining: "yellow",
  maintenance: "yellow",
  half_open: "yellow",
  unhealthy: "red",
  unreachable: "red",
  offline: "red",
  open: "red",
};

/** Colours a cell that names a state. */
export const stateStyle =
  (paint: Paint) =>
  (cell: string): string => {
    const style = Object.hasOwn(STYLES, cell) ? STYLES[cell] : undefined;
    return style ? paint(style, cell) : cell;
  };

export const percent = (ratio: number): string => `${Math.round(ratio * 100)}%`;
export const score = (value: number): string => value.toFixed(2);

/** The first names, and how many more there are. */
export function few(names: readonly string[], most = 4): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(", ")} +${more}` : names.join(", ");
}

/** A duration in its largest unit. */
export function age(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
