import { messageOf } from "./explain.ts";

export interface ListedComponent {
  /** On which it begins, from 1. */
  line: number;
  /** Not checked here. */
  component: unknown;
}

/**
 * Reads an activation file: `{"components": [...]}`, or the bare list.
 *
 * @throws {Error} that says what is wrong with it
 */
export function readActivationFile(text: string): ListedComponent[] {
  const parsed = parse(text);
  const isList = Array.isArray(parsed);
  const components = isList ? parsed : componentsOf(parsed);
  if (!Array.isArray(components)) throw new Error('the file has no list "components"');
  const lines = linesOfItems(text, isList ? undefined : "components");
  return components.map((component: unknown, index) => ({ line: lines[index]!, component }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the file is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

const componentsOf = (parsed: unknown): unknown =>
  typeof parsed === "object" && parsed !== null && "components" in parsed ? parsed.components : undefined;

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+|\n/g;

/**
 * The lines, from 1, on which the items of a list begin.
 *
 * @param text  valid JSON
 * @param key   of the list in the outermost object (the last, if there are several, as JSON.parse does); undefined: the list
 * is the outermost value
 */
function linesOfItems(text: string, key: string | undefined): number[] {
  const depthOfItems = key === undefined ? 1 : 2;
  let lines: number[] = [];
  let line = 1;
  let depth = 0;
  let inList = key === undefined;
  let previous = "";
  let name: unknown;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "\n") {
      line += 1;
      continue;
    }
    if (token === ":" && depth === 1) name = JSON.parse(previous);
    if (inList && depth === depthOfItems && token !== "," && token !== "]") lines.push(line);
    if (token === "[" || token === "{") {
      if (depth === 1 && previous === ":" && name === key) {
        inList = true;
        lines = [];
      }
      depth += 1;
    }
    if (token === "]" || token === "}") {
      depth -= 1;
      if (key !== undefined && depth === 1) inList = false;
    }
    previous = token;
  }
  return lines;
}
