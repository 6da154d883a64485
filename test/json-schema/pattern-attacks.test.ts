import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPattern } from "../../src/json-schema/pattern/index.ts";
import { backtracker } from "./backtracker.ts";
import { EXPONENTIAL, LINEAR, OF_ZOD } from "./pattern-samples.ts";
import { aPattern, aPatternOfTheWhole } from "./random-patterns.ts";

/** A pseudo-random choice, the same in each run. */
function chooser(seed: number) {
  let state = seed;
  return <T>(items: readonly T[]): T => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return items[((mixed ^ (mixed >>> 14)) >>> 0) % items.length]!;
  };
}

/** The most steps per character that are found on texts of a beginning, a piece that is repeated, and an end. */
function attack(source: string, rounds: number): number {
  const length = 1000;
  const choose = chooser(source.length);
  const spelt = source.replace(/\\[pP]\{[^}]*\}|\\./g, "");
  const letters = [...new Set(Array.from(`${spelt}a1-. @Zé\n!`))];
  const count = backtracker(source, 60 * length);
  const word = (lengthMax: number) =>
    Array.from({ length: choose([...Array(lengthMax + 1).keys()]) }, () => choose(letters));
  let worst = 0;
  let best = { before: [] as string[], piece: ["a"], after: ["!"] };
  for (let round = 0; round < rounds; round++) {
    const tried = {
      before: choose([0, 1]) ? best.before : word(4),
      piece: choose([0, 1]) ? [...best.piece, choose(letters)].slice(-choose([1, 2, 3, 8, 40])) : word(6),
      after: choose([0, 1]) ? best.after : word(2),
    };
    if (tried.piece.length === 0) continue;
    const repeated = tried.piece.join("").repeat(Math.ceil(length / tried.piece.length));
    const subject = tried.before.join("") + repeated + tried.after.join("");
    const steps = count(subject).steps / subject.length;
    if (steps >= worst) best = tried;
    worst = Math.max(worst, steps);
  }
  return worst;
}

describe("no pattern that is tried on any length takes more than 50 steps per character, on texts found by search", () => {
  it.each([...LINEAR.map((source) => [source, source] as const), ...OF_ZOD])("%s", (_, source) => {
    expect(attack(source, 60)).toBeLessThan(50);
  });

  it("which finds such texts for the others", () => {
    for (const source of ["\\s+$", "^[^@]+@[^@]+\\.[^@]+$", "a*a*a*a*b", ...EXPONENTIAL.slice(0, 8)]) {
      expect(attack(source, 3000), source).toBeGreaterThan(50);
    }
  });

  it.each([
    ["random patterns", aPattern],
    ["random patterns from the start of the text", aPatternOfTheWhole],
  ])("%s", (_, pattern) => {
    fc.assert(
      fc.property(pattern, (source) => {
        const read = readPattern(source);
        if (typeof read === "string" || read.subjectMax < Infinity) return;
        expect(attack(source, 15)).toBeLessThan(50);
      }),
      { numRuns: 200 },
    );
  });
});
