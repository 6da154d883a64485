import type { Paint } from "./io.ts";

const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Replaces control and format characters: text from the registry must not control the terminal. */
export const visible = (text: string): string => text.replace(INVISIBLE, "\uFFFD");

const graphemes = new Intl.Segmenter();
/** Takes two columns on a terminal. */
const WIDE =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]/u;
const columnsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);
const graphemesOf = (text: string): string[] => [...graphemes.segment(text)].map(({ segment }) => segment);
const widthOf = (text: string): number =>
  graphemesOf(text).reduce((width, grapheme) => width + columnsOf(grapheme), 0);

/** As many of the first as fit. */
function fitting(parts: readonly string[], width: number): string[] {
  let used = 0;
  const end = parts.findIndex((part) => (used += columnsOf(part)) > width);
  return end < 0 ? [...parts] : parts.slice(0, end);
}

/** @param keepsEnd  leaves out the middle, because many ids begin alike */
function cut(text: string, width: number, keepsEnd: boolean): string {
  if (widthOf(text) <= width) return text;
  const parts = graphemesOf(text);
  const endWidth = keepsEnd ? Math.floor((width - 1) / 2) : 0;
  const end = fitting(parts.toReversed(), endWidth).toReversed();
  return [...fitting(parts, width - 1 - endWidth), "…", ...end].join("");
}

const GAP = "  ";
/** No column is cut to fewer. */
const WIDTH_MIN = 6;

/**
 * Makes columns narrower until a line fits: first the last one, which explains; then the widest; and the first, which tells the
 * rows apart, only in the end.
 */
function fitted(widths: readonly number[], columns: number): number[] {
  const fit = [...widths];
  const last = fit.length - 1;
  let excess = fit.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - columns;
  for (const [from, to] of [
    [last, last],
    [1, last],
    [0, 0],
  ] as const) {
    for (; excess > 0; excess -= 1) {
      const widest = fit.indexOf(Math.max(...fit.slice(from, to + 1)), from);
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
          const cell = cut(whole, widths[i]!, i === 0);
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
