import { toUnicodeSyntax, withoutCaptures } from "./dialect.ts";
import { findExponentialText } from "./exponential.ts";
import { proveLinear } from "./linear.ts";
import { writeOut } from "./parts.ts";
import { search } from "./search.ts";
import { parsePattern } from "./syntax.ts";

/** A regular expression that is safe to use. */
export interface Pattern {
  /** May throw a RangeError if the engine's stack overflows. */
  matches: (subject: string) => boolean;
  /** Longest subject to try, in UTF-16 code units; Infinity for a linear pattern. */
  subjectMax: number;
  /** Cost of a test, in units of 20 ns for each code unit of the subject. */
  unitsPerCharacter: number;
}

/** What analysing the patterns of a schema may still take. Without effort left, a pattern counts as undecided. */
export interface Effort {
  /** attempts to follow in proofs of linearity; a thousand take up to a millisecond */
  left: number;
}

const PATTERN_LENGTH_MAX = 1024;
/** 5 to 15 ms. */
const SEARCH_STEPS_MAX = 500_000;
/** Parts of a pattern that are read at each place of a subject. */
const WEIGHT_MAX = 20_000;
/** Effort of finding out which characters a class has. */
const SYMBOL_EFFORT = 50;
/** Steps of the engine in a unit of 20 ns. */
const STEPS_PER_UNIT = 16;

/**
 * Reads a pattern and decides how long the engine may take for it.
 *
 * - linear: at most 48 steps for each character of any subject. The engine tests it.
 * - exponential: refused, if a text was found that proves it.
 * - otherwise (polynomial, or undecided): our own search tests it. Its time is bounded by the length of the subject times the
 *   size of the pattern, which sets `subjectMax`.
 *
 * @returns the pattern, or why it is refused, as in "the pattern …"
 */
export function readPattern(source: string, effort: Effort = { left: Infinity }): Pattern | string {
  if (source.length > PATTERN_LENGTH_MAX) return `is longer than ${PATTERN_LENGTH_MAX} characters`;
  const valid = [source, toUnicodeSyntax(source)].find(isRegularExpression);
  if (valid === undefined) return "is not a regular expression (ECMA-262, with the u flag)";
  const alternatives = parsePattern(valid);
  if (typeof alternatives === "string") return alternatives;
  const hasEffort = () => effort.left > 0;
  // Most patterns are linear even if the bounds of their repetitions are not looked at; that is cheaper to prove.
  for (const unroll of hasEffort() ? [1, 64, Infinity] : [Infinity]) {
    const program = writeOut(alternatives, unroll, hasEffort() ? WEIGHT_MAX : WEIGHT_MAX / 50);
    if (!program) break;
    effort.left -= program.weight + SYMBOL_EFFORT * program.symbols.length;
    const proof = hasEffort() ? proveLinear(program, effort) : undefined;
    if (proof && "stepsPerCharacter" in proof) {
      const expression = new RegExp(withoutCaptures(valid), "u");
      return {
        matches: (subject) => expression.test(subject),
        subjectMax: Infinity,
        unitsPerCharacter: proof.stepsPerCharacter / STEPS_PER_UNIT,
      };
    }
    if (!program.exact) continue;
    const text = proof && findExponentialText(program, proof);
    if (text !== undefined) return `can take exponential time, for example on ${JSON.stringify(text)}`;
    return {
      matches: (subject) => search(program, subject) > 0,
      subjectMax: Math.floor(SEARCH_STEPS_MAX / program.weight),
      unitsPerCharacter: program.weight,
    };
  }
  return "may take more than linear time, and is too large for a search of bounded time: it repeats too much";
}

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source, "u").unicode;
  } catch {
    return false;
  }
}
