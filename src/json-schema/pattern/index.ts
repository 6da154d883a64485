import { toUnicodeSyntax, withoutCaptures } from "./dialect.ts";
import { findExponentialText } from "./exponential.ts";
import { proveLinear } from "./linear.ts";
import { weightOf, writeOut, CHARACTERS_MAX } from "./parts.ts";
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

/** What analysing patterns may still take; shared by the patterns of a schema. */
export interface Effort {
  /** attempts to follow in proofs of linearity; a thousand take up to a millisecond */
  left: number;
}

const PATTERN_LENGTH_MAX = 1024;
/** 5 to 15 ms. */
const SEARCH_STEPS_MAX = 500_000;
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
  // Most patterns are linear even if the bounds of their repetitions are not looked at; that is cheaper to prove.
  for (const unroll of [1, 64, Infinity]) {
    const program = writeOut(alternatives, unroll);
    if (!program) break;
    const proof = proveLinear(program, effort);
    if ("stepsPerCharacter" in proof) {
      const expression = new RegExp(withoutCaptures(valid), "u");
      return {
        matches: (subject) => expression.test(subject),
        subjectMax: Infinity,
        unitsPerCharacter: proof.stepsPerCharacter / STEPS_PER_UNIT,
      };
    }
    if (!program.exact) continue;
    const text = findExponentialText(program, proof);
    if (text !== undefined) return `can take exponential time, for example on ${JSON.stringify(text)}`;
    const weight = weightOf(program.root);
    return {
      matches: (subject) => search(program, subject) > 0,
      subjectMax: Math.floor(SEARCH_STEPS_MAX / weight),
      unitsPerCharacter: weight,
    };
  }
  return `may take more than linear time and has, with its repetitions written out, more than ${CHARACTERS_MAX} characters`;
}

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source, "u").unicode;
  } catch {
    return false;
  }
}
