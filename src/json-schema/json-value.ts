/**
 * One text for every spelling of a JSON value: equal values, and only they, have the same (1 and 1.0 are one number, the order
 * of names does not count).
 */
export function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(",")}}`;
}

/** One step of an RFC 6901 pointer. */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

const POINTER_LENGTH_MAX = 512;

/** The pointer, or the one to the nearest container that can be named in as many characters. */
export const shortPointer = (pointer: string): string =>
  pointer.length <= POINTER_LENGTH_MAX
    ? pointer
    : pointer.slice(0, Math.max(0, pointer.lastIndexOf("/", POINTER_LENGTH_MAX)));

/** How many containers may lie within each other in anything that is sent here. */
export const JSON_DEPTH_MAX = 32;

export interface Size {
  /** how many containers lie within each other at most; a scalar has none */
  depth: number;
  /** values, and the characters of strings and names */
  weight: number;
}

/**
 * Measures a value, as far as it stays within the limits: past them it stops, so that it costs no more than they say, and
 * neither a cycle nor 10,000 levels harm it.
 *
 * @returns undefined when it is over
 */
export function sizeWithin(value: unknown, limits: Size): Size | undefined {
  const size: Size = { depth: 0, weight: 0 };
  const visit = (item: unknown, depth: number): boolean => {
    size.weight += typeof item === "string" ? 1 + item.length : 1;
    if (size.weight > limits.weight) return false;
    if (typeof item !== "object" || item === null) return true;
    size.depth = Math.max(size.depth, depth);
    if (depth > limits.depth) return false;
    if (Array.isArray(item)) return item.every((member) => visit(member, depth + 1));
    for (const name in item) {
      size.weight += name.length;
      if (!visit((item as Record<string, unknown>)[name], depth + 1)) return false;
    }
    return true;
  };
  return visit(value, 1) ? size : undefined;
}
