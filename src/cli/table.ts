import type { Paint } from "./io.ts";

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Replaces control and format characters: text from the registry must not control the terminal. */
export const visible = (text: string): string => text.replace(INVISIBLE, "\uFFFD");

const graphemes = new Intl.Segmenter();
/** Takes two columns on a terminal. */
const WIDE =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]/u;
const columnsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment);
  return width;
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

const GAP = "  ";
/** No column is cut to fewer. */
const WIDTH_MIN = 6;

/** Makes columns narrower, the widest first, until a line fits; the first column, which tells the rows apart, only in the end. */
function fitted(widths: readonly number[], columns: number): number[] {
  const fit = [...widths];
  let excess = fit.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - columns;
  for (const from of [1, 0]) {
    for (; excess > 0; excess -= 1) {
      const widest = fit.indexOf(Math.max(...fit.slice(from)), from);
      if (widest < 0 || fit[widest]! <= WIDTH_MIN) break;
      fit[widest]! -= 1;
    }
  }
  return fit;
}

/** Lines of columns, each as wide as its widest cell. */
export type Table = (headings: readonly string[], rows: readonly (readonly string[])[]) => string;

/**
 * @param columns  how wide the terminal is: cells are cut until the lines fit; undefined: as wide as need be
 * @returns        colours cells that name a state
 */
export const tableFor =
  (paint: Paint, columns: number | undefined): Table =>
  (headings, rows) => {
    const cells = rows.map((row) => row.map(visible));
    const natural = headings.map((heading, i) =>
      Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[i] ?? ""))),
    );
    const widths = columns === undefined ? natural : fitted(natural, columns);
    const line = (row: readonly string[], styleOf: (cell: string) => Style | undefined) =>
      row
        .map((whole, i) => {
          const cell = cut(whole, widths[i]!);
          const padding = i === row.length - 1 ? "" : " ".repeat(widths[i]! - widthOf(cell));
          const style = styleOf(whole);
          return (style ? paint(style, cell) : cell) + padding;
        })
        .join(GAP)
        .trimEnd();
    const lines = [line(headings, () => "bold"), ...cells.map((row) => line(row, styleOfState))];
    return `${lines.join("\n")}\n`;
  };

/** Lines of a name and a value each, the values under each other; those without a value are left out. */
export function facts(rows: readonly (readonly [name: string, value: string | undefined])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .map(([name, value]) => ((value ?? "") === "" ? "" : `${name.padEnd(width)}${GAP}${visible(value!)}\n`))
    .join("");
}

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

type Style = Parameters<Paint>[0];
const STYLES: Record<string, Style> = {
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

const styleOfState = (cell: string): Style | undefined =>
  Object.hasOwn(STYLES, cell) ? STYLES[cell] : undefined;

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
