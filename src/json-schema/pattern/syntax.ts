/** A part of a regular expression, as it is written. */
export type Item =
  /** a character, an escape or a class; `source` is its text */
  | { kind: "character"; source: string }
  /** consumes nothing: `^`, `$`, `\b`, `\B`, or a lookbehind */
  | { kind: "assertion"; source: string }
  | { kind: "group"; alternatives: Item[][] }
  | { kind: "lookahead"; negative: boolean; alternatives: Item[][] }
  | { kind: "repeat"; min: number; max: number; lazy: boolean; body: Item };

const GROUP = /\(\?(?:[:=!]|<[=!]|<[^>]*>)|\(/y;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/y;
const CHARACTER =
  /\\(?:u\{[^}]*\}|u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|x..|c.|[pP]\{[^}]*\}|[^])|\[(?:\\[^]|[^\\\]])*\]|[^]/uy;

/** Steps that trying a lookbehind once may take. */
export const LOOKBEHIND_STEPS_MAX = 16;

class Refused extends Error {}

/**
 * Reads a regular expression that the engine accepted with the u flag, so nothing in it is malformed.
 *
 * @returns the alternatives, or why the expression is refused
 */
export function parsePattern(source: string): Item[][] | string {
  let at = 0;

  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found) at = token.lastIndex;
    return found;
  };

  const group = (): Item => {
    const start = at;
    const [opening] = take(GROUP)!;
    if (opening === "(" && source[at] === "?") throw new Refused("changes flags inside");
    const inner = alternatives();
    at += 1;
    switch (opening) {
      case "(?=":
      case "(?!":
        return { kind: "lookahead", negative: opening === "(?!", alternatives: inner };
      case "(?<=":
      case "(?<!":
        if (workOf(inner) > LOOKBEHIND_STEPS_MAX) {
          throw new Refused("looks behind over too many characters and alternatives");
        }
        return { kind: "assertion", source: source.slice(start, at) };
      default:
        return { kind: "group", alternatives: inner };
    }
  };

  const item = (): Item => {
    if (source[at] === "(") return group();
    const [text] = take(CHARACTER)!;
    if (/^\\[k1-9]/.test(text)) throw new Refused("has a backreference");
    return { kind: /^(?:\^|\$|\\[bB])$/.test(text) ? "assertion" : "character", source: text };
  };

  const quantified = (): Item => {
    const body = item();
    const found = take(QUANTIFIER);
    if (!found) return body;
    const [, sign, least, comma, most, lazy] = found;
    const min = sign === undefined ? Number(least) : sign === "+" ? 1 : 0;
    const max =
      sign === undefined ? (comma ? (most ? Number(most) : Infinity) : min) : sign === "?" ? 1 : Infinity;
    return { kind: "repeat", min, max, lazy: lazy !== "", body };
  };

  const alternatives = (): Item[][] => {
    const all: Item[][] = [[]];
    while (at < source.length && source[at] !== ")") {
      if (source[at] === "|") {
        at += 1;
        all.push([]);
      } else all.at(-1)!.push(quantified());
    }
    return all;
  };

  try {
    return alternatives();
  } catch (refusal) {
    if (refusal instanceof Refused) return refusal.message;
    throw refusal;
  }
}

/** An upper bound of the steps that trying a lookbehind's body once takes. */
function workOf(alternatives: Item[][]): number {
  return alternatives
    .map((items) => items.reduce((work, item) => work * waysOf(item), 1) * Math.max(1, items.length))
    .reduce((sum, work) => sum + work, 0);
}

function waysOf(item: Item): number {
  switch (item.kind) {
    case "character":
    case "assertion":
      return 1;
    case "group":
    case "lookahead":
      return workOf(item.alternatives);
    case "repeat":
      if (item.min !== item.max) throw new Refused("looks behind over a quantifier");
      return waysOf(item.body) ** item.max * Math.max(1, item.max);
  }
}
