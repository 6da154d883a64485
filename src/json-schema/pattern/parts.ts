import type { Item } from "./syntax.ts";
import { symbolOf, type Symbol } from "./symbols.ts";

/** One character to be read. */
export interface Character {
  kind: "character";
  id: number;
  symbol: Symbol;
}

/** A pattern with its bounded repetitions written out. */
export type Part =
  | Character
  | { kind: "assertion"; source: string }
  | { kind: "lookahead"; negative: boolean; body: Part }
  | { kind: "sequence"; parts: Part[] }
  | { kind: "choice"; parts: Part[] }
  /** copies of one part, each tried only after the one before it has read something */
  | { kind: "optional"; copies: Part[]; nullable: boolean; lazy: boolean }
  | { kind: "loop"; body: Part; once: boolean; lazy: boolean };

export interface Program {
  root: Part;
  characters: Character[];
  symbols: Symbol[];
  /** parts that are read at each place of a subject; those of a loop are read twice, those of loops within each other more often */
  weight: number;
  /** whether nothing was left out: all bounds of repetitions were written out */
  exact: boolean;
}

/** An assertion that may hold or not; stands for the bounds that are not written out. */
const MAYBE = "maybe";

/**
 * Writes out repetitions with bounds up to `unroll`; those with greater ones become loops, which match more texts, in at least
 * as many ways.
 *
 * @returns undefined if its weight exceeds `weightMax`
 */
export function writeOut(alternatives: Item[][], unroll: number, weightMax: number): Program | undefined {
  const symbols = new Map<string, Symbol>();
  const characters: Character[] = [];
  let exact = true;
  let size = 0;

  const choice = (all: Item[][]): Part => {
    const parts = all.map(sequence);
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  };
  const sequence = (items: Item[]): Part => ({ kind: "sequence", parts: items.map(write) });
  const copies = (count: number, body: Item): Part[] => {
    const all: Part[] = [];
    while (all.length < count && size <= weightMax) all.push(write(body));
    return all;
  };
  const write = (item: Item): Part => {
    size += 1;
    switch (item.kind) {
      case "character": {
        let symbol = symbols.get(item.source);
        if (!symbol) symbols.set(item.source, (symbol = symbolOf(item.source)));
        const character: Character = { kind: "character", id: characters.length, symbol };
        characters.push(character);
        return character;
      }
      case "assertion":
        return item;
      case "group":
        return choice(item.alternatives);
      case "lookahead":
        return { kind: "lookahead", negative: item.negative, body: choice(item.alternatives) };
      case "repeat": {
        const { min, max, lazy, body } = item;
        const bound = max === Infinity ? min : max;
        // Of a loop, iterations that read nothing are left out; the first ones of a bounded repetition may read nothing.
        if (bound > unroll && !isNullable(body)) {
          exact = false;
          const loop: Part = { kind: "loop", body: write(body), once: min > 0, lazy };
          return min < 2 ? loop : { kind: "sequence", parts: [loop, { kind: "assertion", source: MAYBE }] };
        }
        const parts = copies(max === Infinity ? Math.max(0, min - 1) : min, body);
        if (max === Infinity) parts.push({ kind: "loop", body: write(body), once: min > 0, lazy });
        else if (max > min)
          parts.push({ kind: "optional", copies: copies(max - min, body), nullable: isNullable(body), lazy });
        return { kind: "sequence", parts };
      }
    }
  };
  const root = choice(alternatives);
  const weight = size > weightMax ? Infinity : weightOf(root);
  return weight > weightMax ? undefined : { root, characters, symbols: [...symbols.values()], weight, exact };
}

function isNullable(item: Item): boolean {
  switch (item.kind) {
    case "character":
      return false;
    case "assertion":
    case "lookahead":
      return true;
    case "group":
      return item.alternatives.some((items) => items.every(isNullable));
    case "repeat":
      return item.min === 0 || isNullable(item.body);
  }
}

/** What reading a pattern from its end makes of each part, given what follows that part. */
export interface Reading<T> {
  character: (part: Character, rest: T) => T;
  assertion: (source: string, rest: T) => T;
  lookahead: (negative: boolean, body: T, rest: T) => T;
  either: (first: T, second: T) => T;
  /** the end of a lookahead */
  lookaheadEnd: T;
  /** what an iteration that has read nothing comes to */
  never: T;
}

/** Reads a part, given what follows it. The engine's order of attempts is kept. */
export function readBackwards<T>(part: Part, rest: T, reading: Reading<T>): T {
  const inOrder = (lazy: boolean, more: T, done: T) =>
    lazy ? reading.either(done, more) : reading.either(more, done);
  switch (part.kind) {
    case "character":
      return reading.character(part, rest);
    case "assertion":
      return reading.assertion(part.source, rest);
    case "lookahead":
      return reading.lookahead(part.negative, readBackwards(part.body, reading.lookaheadEnd, reading), rest);
    case "sequence": {
      let value = rest;
      for (let index = part.parts.length - 1; index >= 0; index--) {
        value = readBackwards(part.parts[index]!, value, reading);
      }
      return value;
    }
    case "choice":
      return part.parts
        .map((alternative) => readBackwards(alternative, rest, reading))
        .reduce((first, second) => reading.either(first, second));
    case "optional": {
      let value = rest;
      for (let index = part.copies.length - 1; index >= 0; index--) {
        const copy = part.copies[index]!;
        // The start of a copy is read as if reading nothing failed; then its characters are told what follows the copy.
        const start = part.nullable && readBackwards(copy, reading.never, reading);
        const copied = readBackwards(copy, value, reading);
        value = inOrder(part.lazy, start || copied, rest);
      }
      return value;
    }
    case "loop": {
      // As above. What follows the body is the loop itself.
      const value = inOrder(part.lazy, readBackwards(part.body, reading.never, reading), rest);
      const again = readBackwards(part.body, value, reading);
      return part.once ? again : value;
    }
  }
}

/** The parts that `readBackwards` reads. */
function weightOf(part: Part): number {
  switch (part.kind) {
    case "character":
    case "assertion":
      return 1;
    case "lookahead":
      return 1 + weightOf(part.body);
    case "sequence":
    case "choice":
      return part.parts.reduce((sum, each) => sum + weightOf(each), 1);
    case "optional":
      return part.copies.reduce((sum, each) => sum + weightOf(each), 1) * (part.nullable ? 2 : 1);
    case "loop":
      return 1 + 2 * weightOf(part.body);
  }
}
