/** Numbers and names as text. */

export const number = (value: number): string => value.toLocaleString("en");

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** A duration in its largest unit. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const percent = (ratio: number): string => {
  const value = ratio * 100;
  // 99.96 % are not all.
  if (ratio < 1 && value > 99) return `${Math.floor(value * 100) / 100} %`;
  return `${Math.round(value)} %`;
};

export const spaced = (word: string): string => word.replaceAll("_", " ");

/** As a word of a shell's command line. */
export const quoted = (text: string): string =>
  /^[\w./:@=%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** In the order in which bars and graphs show them: what is well first. */
export const STATUSES = [
  "available",
  "busy",
  "draining",
  "maintenance",
  "degraded",
  "unhealthy",
  "offline",
  "unreachable",
];
