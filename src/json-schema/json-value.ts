/** Containers (objects and arrays) within each other that a request body or a schema may have. */
export const JSON_DEPTH_MAX = 32;

const POINTER_LENGTH_MAX = 512;

export const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null;

export const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  isContainer(value) && !Array.isArray(value);

/**
 * A text that is the same for equal JSON values and different for different ones. 1 and 1.0 are equal; the order of an
 * object's names does not count.
 */
export function canonical(value: unknown): string {
  if (!isContainer(value)) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(",")}}`;
}

/** One step of an RFC 6901 pointer, with its leading slash. */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The pointer if it has at most 512 characters, otherwise the pointer to its nearest ancestor that has. */
export const shortPointer = (pointer: string): string =>
  pointer.length <= POINTER_LENGTH_MAX
    ? pointer
    : pointer.slice(0, Math.max(0, pointer.lastIndexOf("/", POINTER_LENGTH_MAX)));

export interface Size {
  /** containers within each other; 0 for a scalar */
  depth: number;
  /** values, plus the characters of strings and names */
  weight: number;
}

/**
 * Measures a value. Stops at the limits, so the cost is bounded by them; a cycle, or 10,000 levels, are just too deep.
 *
 * @returns undefined when the value exceeds a limit
 */
export function sizeWithin(value: unknown, limits: Size): Size | undefined {
  const size: Size = { depth: 0, weight: 0 };
  const visit = (item: unknown, depth: number): boolean => {
    size.weight += typeof item === "string" ? 1 + item.length : 1;
    if (size.weight > limits.weight) return false;
    if (!isContainer(item)) return true;
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
