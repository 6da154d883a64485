/** Which characters, exactly below 128; of those above only whether there may be any. */
export interface Range {
  /** one bit per character */
  ascii: bigint;
  beyond: boolean;
}

export type Item =
  | { kind: "character"; range: Range }
  /** what consumes nothing: `^`, `$`, `\b` */
  | { kind: "edge"; edge: "start" | "end" | "word" }
  | { kind: "group"; alternatives: Item[][] }
  | { kind: "look"; alternatives: Item[][] }
  | { kind: "repeat"; min: number; max: number; body: Item };

const between = (from: number, to: number): Range => {
  const last = Math.min(to, 127);
  const width = BigInt(Math.max(0, last - from + 1));
  return { ascii: ((1n << width) - 1n) << BigInt(Math.min(from, 127)), beyond: to > 127 };
};
const characters = (text: string): Range => {
  let ascii = 0n;
  for (const character of text) ascii |= between(character.codePointAt(0)!, character.codePointAt(0)!).ascii;
  return { ascii, beyond: false };
};
const FULL = (1n << 128n) - 1n;
const ANY: Range = { ascii: FULL, beyond: true };
const DIGITS = between(48, 57);
const WORDS = characters("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
const SPACES: Range = { ascii: characters("\t\n\v\f\r ").ascii, beyond: true };
/** Which characters have a property is not known here, so none is ruled out. */
const PROPERTY = ANY;
/** Characters above 127 that a class leaves out are not known one by one: it may have any. */
const complement = ({ ascii }: Range): Range => ({ ascii: FULL ^ ascii, beyond: true });

const CLASSES: Record<string, Range> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0, b: 8 };

const GROUP = /\(\?(?:[:=!]|<[=!]|<[^>]*>)|\(/y;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y;
const ESCAPE =
  /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|c([A-Za-z])|[pP]\{[^}]*\}|[^])/uy;

/** A reason to refuse it, found on the way. */
class Refused extends Error {}

/**
 * Reads a regular expression that the engine has accepted with the u flag, so nothing in it is malformed.
 *
 * @returns the alternatives, or why it is refused
 */
export function parsePattern(source: string): Item[][] | string {
  let at = 0;

  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found) at = token.lastIndex;
    return found;
  };

  /** A code point, or the range of a class escape. */
  const escape = (): number | Range => {
    const found = take(ESCAPE)!;
    const [whole, braced, unicode, hex, control] = found;
    const digits = braced ?? unicode ?? hex;
    if (digits !== undefined) return parseInt(digits, 16);
    if (control !== undefined) return control.charCodeAt(0) % 32;
    const letter = whole[1]!;
    if (letter === "p" || letter === "P") return PROPERTY;
    return CLASSES[letter] ?? CONTROLS[letter] ?? whole.codePointAt(1)!;
  };

  const member = (): number | Range => {
    if (source[at] === "\\") return escape();
    const point = source.codePointAt(at)!;
    at += String.fromCodePoint(point).length;
    return point;
  };

  const characterClass = (): Range => {
    at += 1;
    const negated = source[at] === "^";
    if (negated) at += 1;
    let range: Range = { ascii: 0n, beyond: false };
    let exact = true;
    while (source[at] !== "]") {
      const first = member();
      let part = typeof first === "number" ? between(first, first) : first;
      if (typeof first === "number" && source[at] === "-" && source[at + 1] !== "]") {
        at += 1;
        part = between(first, member() as number);
      }
      if (part === PROPERTY) exact = false;
      range = { ascii: range.ascii | part.ascii, beyond: range.beyond || part.beyond };
    }
    at += 1;
    if (!negated) return range;
    // What may hold too much leaves out too much.
    return exact ? complement(range) : ANY;
  };

  const group = (): Item => {
    const opening = take(GROUP)!;
    const kind = /^\(\?<?[=!]/.test(opening[0]) ? "look" : "group";
    if (opening[0] === "(" && source[at] === "?") throw new Refused("changes flags inside");
    const inner = alternatives();
    at += 1;
    if (opening[0].startsWith("(?<") && kind === "look" && inner.some((items) => items.some(isVariable))) {
      throw new Refused("looks behind over a quantifier");
    }
    return { kind, alternatives: inner };
  };

  const item = (): Item => {
    const character = source[at]!;
    switch (character) {
      case "^":
      case "$":
        at += 1;
        return { kind: "edge", edge: character === "^" ? "start" : "end" };
      case ".":
        at += 1;
        return { kind: "character", range: complement(characters("\n\r")) };
      case "(":
        return group();
      case "[":
        return { kind: "character", range: characterClass() };
      case "\\": {
        const next = source[at + 1]!;
        if (next === "b" || next === "B") {
          at += 2;
          return { kind: "edge", edge: "word" };
        }
        if (next === "k" || (next >= "1" && next <= "9")) throw new Refused("has a backreference");
        break;
      }
    }
    const point = member();
    return { kind: "character", range: typeof point === "number" ? between(point, point) : point };
  };

  const quantified = (): Item => {
    const body = item();
    const found = take(QUANTIFIER);
    if (!found) return body;
    const [, sign, least, comma, most] = found;
    if (sign !== undefined) {
      return { kind: "repeat", min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity, body };
    }
    const min = Number(least);
    return { kind: "repeat", min, max: comma === undefined ? min : most ? Number(most) : Infinity, body };
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

const isVariable = (item: Item): boolean =>
  item.kind === "repeat"
    ? item.min !== item.max || isVariable(item.body)
    : (item.kind === "group" || item.kind === "look") &&
      item.alternatives.some((alternative) => alternative.some(isVariable));
