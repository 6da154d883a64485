import { fail, forStrings, type Builder, type Evaluating, type Path } from "../frame.ts";
import type { Pattern } from "../pattern/index.ts";

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

/** Units of one test, besides those for the characters. */
const TEST_WORK = 4;

/** Whether a subject matches. Stops the evaluation if the subject is too long for the pattern. */
export function isMatch(pattern: Pattern, subject: string, path: Path, evaluation: Evaluating): boolean {
  const { subjectMax, unitsPerCharacter } = pattern;
  if (subject.length > subjectMax) {
    evaluation.stop(path, `is longer than the ${subjectMax} characters up to which its pattern is tried`);
  }
  evaluation.spend(TEST_WORK + subject.length * unitsPerCharacter, path);
  try {
    return pattern.matches(subject);
  } catch {
    return evaluation.stop(path, "takes too much memory to match its pattern");
  }
}

const pattern: Builder = ({ pattern: source }, evaluation) => {
  if (source === undefined) return undefined;
  const read = evaluation.pattern(source);
  return forStrings(
    (value, frame) =>
      isMatch(read, value, frame.path, evaluation) ||
      fail(frame, "must match the pattern that the schema gives"),
  );
};

export const STRING_BUILDERS: Builder[] = [length, pattern];
