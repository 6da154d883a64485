import { parsePattern, type Item, type Range } from "./syntax.ts";

/**
 * What a regular expression may cost, told by its form. The engine backtracks: for some patterns the time to fail grows with
 * a power of the subject's length, for some it doubles with each character, and no time limit stops a test that has begun.
 *
 * Refused: backreferences; a repeated group that contains a quantifier, an alternation or an assertion (`(…)?` does not repeat,
 * and `{3}` within leaves no choice); and what is left but could still take more than STEPS_MAX steps on PATTERN_SUBJECT_MIN
 * characters, such as `a*a*a*a*b`. What is admitted has a length of subject up to which it is tried.
 *
 * @see Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", CIAA 2016
 */
export interface Pattern {
  matches: (subject: string) => boolean;
  /** longer subjects are not tried */
  subjectMax: number;
  /** steps that failing may take on so many characters, give or take a small factor */
  steps: (length: number) => number;
}

const PATTERN_LENGTH_MAX = 1024;
const PATTERN_SUBJECT_MIN = 64;
const PATTERN_SUBJECT_MAX = 8192;
/** Some ten milliseconds, in the slowest case. */
const STEPS_MAX = 500_000;

/** Why the pattern is refused, as in "the pattern …"; undefined when it is not. */
export function patternHazard(source: string): string | undefined {
  const read = readPattern(source);
  return typeof read === "string" ? read : undefined;
}

/** The pattern, ready for use, or why it is refused. */
export function readPattern(source: string): Pattern | string {
  if (source.length > PATTERN_LENGTH_MAX) return `is longer than ${PATTERN_LENGTH_MAX} characters`;
  let expression: RegExp;
  try {
    expression = new RegExp(source, "u");
  } catch {
    return "is not a regular expression (ECMA-262, with the u flag)";
  }
  const parsed = parsePattern(source);
  if (typeof parsed === "string") return parsed;
  if (parsed.some((alternative) => alternative.some(repeatsChoices))) {
    return "repeats a group that contains a quantifier, an alternation or an assertion: it can take exponential time";
  }
  const { ways, power } = costOf(parsed, source.length);
  const subjectMax = Math.min(PATTERN_SUBJECT_MAX, Math.floor((STEPS_MAX / ways) ** (1 / power)));
  if (subjectMax < PATTERN_SUBJECT_MIN)
    return "leaves too many ways to match the same text: it can take too long";
  return {
    matches: (subject) => expression.test(subject),
    subjectMax,
    steps: (length) => ways * length ** power,
  };
}

/** Whether it is, or holds, a repetition of something that may match in more than one way, or does more than it consumes. */
function repeatsChoices(item: Item): boolean {
  switch (item.kind) {
    case "character":
    case "edge":
      return false;
    case "group":
    case "look":
      return item.alternatives.some((alternative) => alternative.some(repeatsChoices));
    case "repeat":
      return (item.max > 1 && hasChoice(item.body)) || repeatsChoices(item.body);
  }
}

function hasChoice(item: Item): boolean {
  switch (item.kind) {
    case "character":
      return false;
    case "edge":
    case "look":
      return true;
    case "group":
      return (
        item.alternatives.length > 1 || item.alternatives.some((alternative) => alternative.some(hasChoice))
      );
    case "repeat":
      return item.min !== item.max || hasChoice(item.body);
  }
}

/** Steps ≈ ways × length ^ (ambiguous + 1 if it scans). */
interface Cost {
  ways: number;
  /** quantifiers whose end is not told by what follows: each may be tried at every length */
  ambiguous: number;
  /** whether it walks along the text on the way to failing */
  scans: boolean;
}

/** What may come next: the characters, none at the end of the text, and whether anything there can still fail. */
interface Next {
  range: Range;
  canFail: boolean;
}

const NOTHING: Range = { ascii: 0n, beyond: false };
const overlap = (a: Range, b: Range) => (a.ascii & b.ascii) !== 0n || (a.beyond && b.beyond);
const union = (a: Range, b: Range): Range => ({ ascii: a.ascii | b.ascii, beyond: a.beyond || b.beyond });

function costOf(alternatives: Item[][], sourceLength: number): { ways: number; power: number } {
  const cost = costOfGroup(alternatives, { range: NOTHING, canFail: false });
  cost.scans ||= walkOf(alternatives) > WALK_MAX;
  const anchored = alternatives.every(([first]) => first?.kind === "edge" && first.edge === "start");
  return {
    // At one character as many items may be tried as the pattern has.
    ways: cost.ways * Math.ceil(sourceLength / WALK_MAX || 1),
    // Not tied to the start, it is tried at each character; and there is always the one pass.
    power: Math.max(1, powerOf(cost) + (anchored ? 0 : 1)),
  };
}

/** A walk along fixed text that is as good as none. */
const WALK_MAX = 32;

/** How far one attempt walks along what has a fixed length. */
const walkOf = (alternatives: Item[][]): number =>
  alternatives.flat().reduce((sum, item) => sum + walkOfItem(item), 0);

function walkOfItem(item: Item): number {
  switch (item.kind) {
    case "character":
    case "edge":
      return 1;
    case "group":
    case "look":
      return walkOf(item.alternatives);
    case "repeat":
      return (Number.isFinite(item.max) ? item.max : 1) * walkOfItem(item.body);
  }
}

const powerOf = ({ ambiguous, scans }: Cost) => ambiguous + (scans ? 1 : 0);

function costOfGroup(alternatives: Item[][], next: Next): Cost {
  const costs = alternatives.map((alternative) => costOfSequence(alternative, next));
  return {
    ways: Math.max(...costs.map(({ ways }) => ways)) * (areApart(alternatives) ? 1 : alternatives.length),
    ambiguous: Math.max(...costs.map(({ ambiguous }) => ambiguous)),
    scans: costs.some(({ scans }) => scans),
  };
}

/** Whether the first character tells which of them it is, so that no other is ever worth trying. */
function areApart(alternatives: Item[][]): boolean {
  let seen = NOTHING;
  for (const alternative of alternatives) {
    const { range, nullable } = startOf(alternative);
    if ((nullable && alternatives.length > 1) || overlap(seen, range)) return false;
    seen = union(seen, range);
  }
  return true;
}

/**
 * Walks from the end, knowing what follows. A quantifier multiplies the work only where giving a character back could lead
 * anywhere: where what follows may begin with what it repeats.
 */
function costOfSequence(items: Item[], after: Next): Cost {
  let { range, canFail } = after;
  let looks = 0;
  const total: Cost = { ways: 1, ambiguous: 0, scans: false };
  const add = (cost: Cost) => {
    total.ways *= cost.ways;
    total.ambiguous += cost.ambiguous;
    total.scans ||= cost.scans;
  };
  for (const item of items.toReversed()) {
    const start = startOfItem(item);
    switch (item.kind) {
      case "character":
      case "edge":
        break;
      case "look": {
        // Nothing goes back into it once it has matched, so of several only the dearest counts; but what it walked along to
        // match is walked along again at the next attempt.
        const cost = costOfGroup(item.alternatives, { range: NOTHING, canFail: true });
        total.ways *= cost.ways;
        looks = Math.max(looks, powerOf(cost));
        break;
      }
      case "group":
        add(costOfGroup(item.alternatives, { range, canFail }));
        break;
      case "repeat": {
        const { min, max, body } = item;
        if (body.kind === "group" && max === 1) add(costOfGroup(body.alternatives, { range, canFail }));
        if (min === max || !canFail) break;
        if (!overlap(start.range, range)) total.scans ||= max > 1;
        else if (max - min < PATTERN_SUBJECT_MIN) total.ways *= max - min + 1;
        else total.ambiguous += 1;
      }
    }
    canFail ||= !start.nullable || item.kind === "edge" || item.kind === "look";
    range = start.nullable ? union(start.range, range) : start.range;
  }
  return { ...total, ambiguous: total.ambiguous + looks };
}

interface Start {
  range: Range;
  /** whether it can match without consuming anything */
  nullable: boolean;
}

function startOf(items: Item[]): Start {
  let range = NOTHING;
  for (const item of items) {
    const start = startOfItem(item);
    range = union(range, start.range);
    if (!start.nullable) return { range, nullable: false };
  }
  return { range, nullable: true };
}

function startOfItem(item: Item): Start {
  switch (item.kind) {
    case "character":
      return { range: item.range, nullable: false };
    case "edge":
      // Past the end of the text there is nothing to begin with.
      return { range: NOTHING, nullable: item.edge !== "end" };
    case "look":
      return { range: NOTHING, nullable: true };
    case "group": {
      const starts = item.alternatives.map(startOf);
      return {
        range: starts.map(({ range }) => range).reduce(union, NOTHING),
        nullable: starts.some(({ nullable }) => nullable),
      };
    }
    case "repeat": {
      const { range, nullable } = startOfItem(item.body);
      return { range, nullable: nullable || item.min === 0 };
    }
  }
}
