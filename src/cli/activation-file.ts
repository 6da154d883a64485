/** One component of an activation file, and the line on which it begins. */
export interface Listed {
  line: number;
  component: unknown;
}

/**
 * Reads an activation file: `{"components": [...]}`, or the bare list.
 *
 * @throws {Error} that says what is wrong with it
 */
export function readActivationFile(text: string): Listed[] {
  const parsed = parse(text);
  const isList = Array.isArray(parsed);
  const components: unknown = isList ? parsed : (parsed as { components?: unknown } | null)?.components;
  if (!Array.isArray(components)) throw new Error('the file has no list "components"');
  const lines = linesOfItems(text, isList ? undefined : "components");
  return components.map((component: unknown, index) => ({ line: lines[index]!, component }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the file is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+|\n/g;

/**
 * Lines, from 1, on which the items of a list begin: of the list under `key` in the outermost object, the last if the key is
 * there more than once, as JSON.parse has it; or of the outermost list. The text is known to be JSON.
 */
function linesOfItems(text: string, key: string | undefined): number[] {
  const depthOfItems = key === undefined ? 1 : 2;
  let lines: number[] = [];
  let line = 1;
  let depth = 0;
  let inList = key === undefined;
  let previous = "";
  let name = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "\n") {
      line += 1;
      continue;
    }
    if (token === ":" && depth === 1) name = JSON.parse(previous) as string;
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
