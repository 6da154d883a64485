import type { Costly } from "./linear.ts";
import type { Program } from "./parts.ts";
import { search } from "./search.ts";
import type { Letter } from "./symbols.ts";

/** By how much the steps grow with the second half of the costly letters, at least. Quadratic and cubic patterns have less. */
const GROWTH_MIN = 6;
const ENDS_MAX = 8;
/** Repetitions to compare. With twice as many, the logarithm of exponential steps doubles; that of polynomial steps does not. */
const TIMES = 24;
const LOG_STEPS_MIN = Math.log(2 ** 20);
const LOG_GROWTH_MIN = 3;
/** Steps of our own search: a few milliseconds. */
const WORK_MAX = 150_000;

/**
 * Looks for a text on which the steps of a backtracking engine grow exponentially: a beginning, a piece that is repeated, and an
 * end with which that fails to match. The steps are counted, not estimated, so a text that is found is a proof.
 */
export function findExponentialText(program: Program, costly: Costly): string | undefined {
  const word = textOf(costly.letters);
  if (word === undefined || costly.growth < GROWTH_MIN) return undefined;
  const length = periodOf(word);
  if (length === undefined) return undefined;
  const ends = ["", ...costly.alphabet.flatMap((letter) => textOf([letter]) ?? [])];
  let work = WORK_MAX / program.weight;
  for (const end of ends.slice(0, ENDS_MAX)) {
    const text = (times: number) => word.join("") + word.slice(-length).join("").repeat(times) + end;
    const logOfSteps = (times: number) => {
      const subject = text(times);
      work -= subject.length;
      // With NaN no comparison holds.
      return work < 0 ? NaN : Math.log(Math.abs(search(program, subject)));
    };
    const few = logOfSteps(TIMES);
    if (!(few > LOG_STEPS_MIN / 4)) continue;
    const [more, most] = [logOfSteps(2 * TIMES), logOfSteps(4 * TIMES)];
    const ratio = (most - more) / (more - few);
    if (most > LOG_STEPS_MIN && more - few > LOG_GROWTH_MIN && ratio > 1.6 && ratio < 2.4) {
      return text(Math.ceil(30 / length));
    }
  }
  return undefined;
}

/** The length of the shortest piece that the second half of a word repeats. */
function periodOf(word: string[]): number | undefined {
  const half = word.slice(word.length >> 1);
  for (let length = 1; length <= half.length / 2; length++) {
    if (half.every((letter, at) => at < length || letter === half[at - length])) return length;
  }
  return undefined;
}

function textOf(letters: readonly Letter[]): string[] | undefined {
  const points = letters.flatMap(({ point }) => point ?? []);
  return points.length < letters.length ? undefined : points.map((point) => String.fromCodePoint(point));
}
