import { readPattern, type Pattern } from "../pattern/hazard.ts";
import { fail, forStrings, type Builder, type Evaluating, type Path } from "../frame.ts";

/** Characters that are counted in the time of one unit. */
const CHARACTERS_PER_UNIT = 16;

const length: Builder = ({ minLength = 0, maxLength = Infinity }, evaluation) =>
  minLength === 0 && maxLength === Infinity
    ? undefined
    : forStrings((value, frame) => {
        // A character is one or two UTF-16 code units long, so most strings are decided without counting.
        let characters = value.length;
        if (characters >= minLength && (characters > maxLength || characters < 2 * minLength)) {
          evaluation.spend(characters / CHARACTERS_PER_UNIT, frame.path);
          for (let at = 0; at < value.length - 1; at++) if (value.codePointAt(at)! > 0xffff) characters--;
        }
        if (characters < minLength) return fail(frame, `must have at least ${minLength} characters`);
        if (characters > maxLength) return fail(frame, `must have at most ${maxLength} characters`);
        return true;
      });

/** Units of one test besides its steps, and steps per unit in the slowest case. */
const PATTERN_WORK = 4;
const STEPS_PER_UNIT = 2;

export function isMatch(
  { matches, subjectMax, steps }: Pattern,
  subject: string,
  path: Path,
  evaluation: Evaluating,
): boolean {
  if (subject.length > subjectMax) {
    evaluation.stop(path, `is longer than the ${subjectMax} characters up to which its pattern is tried`);
  }
  evaluation.spend(PATTERN_WORK + steps(subject.length) / STEPS_PER_UNIT, path);
  return matches(subject);
}

/** Reads a pattern that was admitted with its schema. */
export const admitted = (source: string) => readPattern(source) as Pattern;

const pattern: Builder = ({ pattern: source }, evaluation) => {
  if (source === undefined) return undefined;
  const read = admitted(source);
  return forStrings(
    (value, frame) =>
      isMatch(read, value, frame.path, evaluation) ||
      fail(frame, "must match the pattern that the schema gives"),
  );
};

export const STRING_BUILDERS: Builder[] = [length, pattern];
