import { readBackwards, type Character, type Program, type Reading } from "./parts.ts";
import { alphabetOf, type Letter } from "./symbols.ts";
import { LOOKBEHIND_STEPS_MAX } from "./syntax.ts";

/** Steps of a linear pattern for each character of the subject, on average. */
const STEPS_MAX = 48;
/** Steps beyond that average that may come at once, such as a list of words to choose from. */
const EXCESS_MAX = 1_500;
/** Attempts that one proof may follow: a few milliseconds. */
const WORK_MAX = 20_000;

/** What is tried next, at one place of the pattern. */
interface Attempts {
  characters: Character[];
  /** including assertions and lookaheads */
  steps: number;
  /** whether the match is complete at this place, whatever follows: the search then never comes back from here */
  sure: boolean;
}

/** The steps of all attempts, after some characters of the subject. */
interface Situation {
  /** the attempt that succeeds, or, until that has begun, the next start of the search; there is only one at a time */
  main: Attempts;
  /** attempts that may fail: the character that each has read last, and how many have read it, in different ways */
  others: [character: Character, count: number][];
  /** sum of the counts */
  attempts: number;
  steps: number;
  /** how many steps more the way here took than STEPS_MAX for each of its last characters, however many */
  excess: number;
  /** another way to the same situation took more */
  isOutdated: boolean;
  from: Situation | undefined;
  letter: Letter | undefined;
}

/** A subject on which the steps grow. */
export interface Costly {
  letters: Letter[];
  /** factor by which the second half of the letters multiplies the steps per character */
  growth: number;
  alphabet: Letter[];
}

const NOTHING: Attempts = { characters: [], steps: 0, sure: false };
const SUCCESS: Attempts = { characters: [], steps: 0, sure: true };

const both = (first: Attempts, second: Attempts): Attempts => {
  const steps = first.steps + second.steps;
  // Beyond the limit the pattern is not linear, whatever is tried.
  const characters = steps > EXCESS_MAX ? [] : [...first.characters, ...second.characters];
  return { characters, steps, sure: first.sure || second.sure };
};

/**
 * Tries to prove that a backtracking engine takes at most STEPS_MAX steps per character of any subject, on average.
 *
 * It follows all attempts in parallel, on all subjects, as if each attempt failed in the end: then the engine makes all of them.
 * A situation is how many attempts are at which place of the pattern. The pattern is linear if there are finitely many situations
 * and no way through them takes more steps than the average allows. Lookaheads are attempts that start at their place.
 *
 * @param effort  attempts that may still be followed; is reduced by those that were
 * @returns a bound of the steps per character, or the most costly subject that was seen before the proof was given up
 * @see Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", CIAA 2016
 */
export function proveLinear(
  { root, symbols }: Program,
  effort: { left: number },
): { stepsPerCharacter: number } | Costly {
  /** what is tried after each character of the pattern, by its id */
  const after: Attempts[] = [];
  const first = readBackwards(root, SUCCESS, attemptsInto(after, true));
  const later = readBackwards(root, SUCCESS, attemptsInto(after, false));
  const ids = new Map<Attempts, number>();
  const idOf = (attempts: Attempts) => ids.get(attempts) ?? ids.set(attempts, ids.size).size - 1;

  const alphabet = alphabetOf(symbols);
  const start: Situation = {
    main: first,
    others: [],
    attempts: 0,
    steps: 0,
    excess: 0,
    isOutdated: false,
    from: undefined,
    letter: undefined,
  };
  const known = new Map<string, Situation>();
  const stack = [start];
  let costliest = start;
  const workMax = Math.min(WORK_MAX, effort.left);
  let work = 0;
  let stepsPerCharacter = 1;
  for (let situation = stack.pop(); situation; situation = stack.pop()) {
    if (situation.isOutdated) continue;
    const { main } = situation;
    const tried = main.characters.map((character): [Character, number] => [character, 1]);
    situation.steps = main.steps;
    for (const [{ id }, count] of situation.others) {
      const next = after[id]!;
      situation.steps += count * next.steps;
      for (const character of next.characters) tried.push([character, count]);
    }
    if (situation.steps > costliest.steps) costliest = situation;
    if (situation !== start) stepsPerCharacter = Math.max(stepsPerCharacter, situation.steps);
    const excess = Math.max(0, situation.excess + situation.steps - STEPS_MAX);
    work += tried.length * alphabet.length;
    if (excess > EXCESS_MAX || work > workMax) {
      effort.left -= work;
      return { ...wayTo(costliest), alphabet };
    }

    const reached: Situation[] = [];
    let isEndSeen = false;
    for (const letter of alphabet) {
      const read = tried.filter(([character]) => letter.symbols.has(character.symbol));
      if (read.length === 0 && isEndSeen) continue;
      isEndSeen ||= read.length === 0;
      const counts = new Map<Character, number>();
      const mains = new Set([main.sure ? SUCCESS : later]);
      for (const [character, count] of read) {
        const next = after[character.id]!;
        if (next.sure) mains.add(next);
        else counts.set(character, (counts.get(character) ?? 0) + count);
      }
      const attempts = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const others = [...counts].toSorted(([a], [b]) => a.id - b.id);
      for (const next of mains) {
        const key = [idOf(next), ...others.map(([{ id }, count]) => `${id}*${count}`)].join();
        const before = known.get(key);
        if (before && before.excess >= excess) continue;
        if (before) before.isOutdated = true;
        const found = { ...start, main: next, others, attempts, excess, from: situation, letter };
        known.set(key, found);
        reached.push(found);
      }
    }
    // Most attempts first: if they can grow without limit, that shows soon.
    stack.push(...reached.toSorted((a, b) => a.attempts - b.attempts));
  }
  effort.left -= work;
  return { stepsPerCharacter: Math.min(stepsPerCharacter, STEPS_MAX) };
}

/** Reads what is tried at each place; `after` receives what is tried after each character. */
const attemptsInto = (after: Attempts[], atStart: boolean): Reading<Attempts> => ({
  character: (character, rest) => {
    after[character.id] = rest;
    return { characters: [character], steps: 1, sure: false };
  },
  assertion: (source, rest) => {
    const steps = (source.startsWith("(") ? LOOKBEHIND_STEPS_MAX : 1) + rest.steps;
    if (source === "^") return atStart ? { ...rest, steps } : { ...NOTHING, steps: 1 };
    // After `$` there is no character to read.
    return { characters: source === "$" ? [] : rest.characters, steps, sure: false };
  },
  lookahead: (_, body, rest) => ({ ...both({ ...body, steps: body.steps + 1 }, rest), sure: false }),
  either: both,
  lookaheadEnd: NOTHING,
  never: NOTHING,
});

function wayTo(situation: Situation): { letters: Letter[]; growth: number } {
  const way: Situation[] = [];
  for (let at: Situation | undefined = situation; at; at = at.from) way.unshift(at);
  return {
    letters: way.flatMap(({ letter }) => letter ?? []),
    growth: situation.steps / Math.max(1, way[way.length >> 1]!.steps),
  };
}
