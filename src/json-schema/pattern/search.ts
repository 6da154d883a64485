import { readBackwards, type Program, type Reading } from "./parts.ts";

/**
 * What a search comes to: steps that a backtracking engine takes until it finds a match, or, negative, until it has tried
 * everything. A step is a character, an assertion or a lookahead that is tried.
 */
export type Steps = number;

/** Has a sign, and adds nothing. */
const NO_STEPS: Steps = Number.MIN_VALUE;

const further = (steps: Steps, by: number): Steps => (steps > 0 ? steps + by : steps - by);

const isWord = (subject: string, at: number) => /^\w/.test(subject.charAt(at));

/**
 * Searches a subject for a pattern, from its end: what the engine would find at a place depends only on what it would find
 * behind it, so each place is looked at once, however many ways lead there. Time is bounded by length × weight.
 */
export function search({ root, characters }: Program, subject: string): Steps {
  /** by character of the pattern: what follows it comes to, at the place behind the current character, and at the current place */
  const behind: Steps[] = characters.map(() => -1);
  const here: Steps[] = [...behind];
  const lookbehinds = new Map<string, RegExp>();
  let at = subject.length;
  let point: number | undefined;

  const holds = (source: string): boolean => {
    switch (source) {
      case "^":
        return at === 0;
      case "$":
        return at === subject.length;
      case "\\b":
        return isWord(subject, at - 1) !== isWord(subject, at);
      case "\\B":
        return isWord(subject, at - 1) === isWord(subject, at);
      default: {
        let expression = lookbehinds.get(source);
        if (!expression) lookbehinds.set(source, (expression = new RegExp(source, "uy")));
        expression.lastIndex = at;
        return expression.test(subject);
      }
    }
  };
  const reading: Reading<Steps> = {
    character: ({ id, symbol }, rest) => {
      here[id] = rest;
      return point !== undefined && symbol.has(point) ? further(behind[id]!, 1) : -1;
    },
    assertion: (source, rest) => (holds(source) ? further(rest, 1) : -1),
    lookahead: (negative, body, rest) =>
      body > 0 === negative ? -1 - Math.abs(body) : further(rest, 1 + Math.abs(body)),
    either: (first, second) => (first > 0 ? first : further(second, -first)),
    lookaheadEnd: NO_STEPS,
    never: -NO_STEPS,
  };

  let found: Steps = -NO_STEPS;
  for (;;) {
    found = reading.either(readBackwards(root, NO_STEPS, reading), found);
    if (at === 0) return found;
    for (let id = 0; id < here.length; id++) behind[id] = here[id]!;
    at -= 1;
    if (at > 0 && subject.codePointAt(at - 1)! > 0xffff) at -= 1;
    point = subject.codePointAt(at);
  }
}
