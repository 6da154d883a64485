/**
 * A text that precedes every id with the prefix, and follows every id before those: no id has a "~".
 *
 * @param prefix  itself an id
 */
export const justBefore = (prefix: string): string =>
  `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) - 1)}~`;
