import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { readPattern, type Pattern } from "../../src/json-schema/pattern/index.ts";
import { writeOut } from "../../src/json-schema/pattern/parts.ts";
import { search } from "../../src/json-schema/pattern/search.ts";
import { parsePattern } from "../../src/json-schema/pattern/syntax.ts";
import { backtracker } from "./backtracker.ts";
import { aPattern, aPatternOfTheWhole, aSubject } from "./random-patterns.ts";

const { regexes } = z;
const OF_ZOD: [name: string, source: string][] = [
  ...Object.entries(regexes).flatMap(([name, value]): [string, string][] =>
    value instanceof RegExp ? [[name, value.source]] : [],
  ),
  ["uuid", regexes.uuid().source],
  ["uuid 5", regexes.uuid(5).source],
  ["emoji", regexes.emoji().source],
  ["mac", regexes.mac().source],
  ["mac with hyphens", regexes.mac("-").source],
  ["nanoid of 30", regexes.nanoidOfLength(30).source],
  ["time", regexes.time({}).source],
  ["time to the second", regexes.time({ precision: 0 }).source],
  ["date and time", regexes.datetime({}).source],
  ["date and time with offset", regexes.datetime({ offset: true, local: true, precision: 3 }).source],
  ["string of 1 to 70,000", regexes.string({ minimum: 1, maximum: 70_000 }).source],
];

const LINEAR = [
  "",
  "^$",
  "\\S",
  "a",
  "^[a-z][a-z0-9_]*$",
  "^[a-z0-9]+(-[a-z0-9]+)*$",
  "^\\d+(\\.\\d+)*$",
  "^[a-z]+([=,][a-z]+)+$",
  "^(\\d{1,3}\\.){3}\\d{1,3}$",
  "^\\d+(\\.\\d+)?$",
  "^\\d{4}-\\d{2}-\\d{2}$",
  "^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$",
  "^(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\\d|3[01])$",
  "^[\\w\\-\\.]+$",
  "^[\\p{L} ]+$",
  "^[^\\p{C}]+$",
  "^https?://[^\\s/$.?#].[^\\s]*$",
  "^v?(\\d+)\\.(\\d+)\\.(\\d+)(?:-([0-9A-Za-z.-]+))?$",
  "[^)]\\)",
  "^(?=.*[A-Z])(?=.*\\d).+$",
  "^a+(?=b*)$",
  "^(?:(?=a)a)*$",
  "(?:\\ba)+",
  "^(?!.*--)[a-z-]{1,63}$",
  '^(?:[^"\\\\]|\\\\.)*$',
  "^.{1,65535}$",
  "^(?:AB|AC|BA|BC|CA|CB)$",
  "(?<=a)b",
  "^([a-z]+)(?:, ?([a-z]+))*$",
  // The search ends with the first try, at whatever place that is.
  "(a+)+",
  "(x*)*",
  "^(a|b)*",
  "foo.*",
];

const BOUNDED = [
  "\\s+$",
  ".*\\S.*",
  "^[^@]+@[^@]+\\.[^@]+$",
  "^.*@.*\\..*$",
  "a*a*a*a*b",
  "[0-9a-f]{64}!",
  "(.*a){20}",
  "^(a?){40}$",
  "a?".repeat(30) + "a".repeat(30),
  "(?:a|a)".repeat(30) + "b",
  "a{0,9}".repeat(9) + "b",
  "(?:|){50}b",
  "^(?:(?=a*)a)*$",
  "^[^\\p{Lu}]*a[^\\p{Lu}]*a[^\\p{Lu}]*a[^\\p{Lu}]*a$",
  // They have ambiguous loops, but no text makes them fail after one.
  "^(\\S+\\s*)+$",
  "^(?!a{5})(a+)+$",
  // Undecided: too many situations, or sets of characters that are not known to be apart.
  "^(a|b)*a(a|b){14}$",
  "^(\\p{Lu}|\\p{Ll})+$",
];

const EXPONENTIAL = [
  "^(a+)+$",
  "(a+)+$",
  "^(a*)*$",
  "^(?:a+){2,}$",
  "^(a|aa)+$",
  "(a|aa)*b",
  "^(a|b|ab)*$",
  "^(?:a|a)*$",
  "(a|a)*$",
  "(x+x+)+y",
  "(x*)*y",
  "^((ab)*)+$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "^(?:(?:(?:a+)))*$",
  "^(?:(?:abc|ab)(?:d|cd))*$",
  "^(?:(?:foo|f|o)+bar|x)*$",
  "^([\\p{L}]|[a-z])+$",
  "^(?=(a+)+b)",
  "^(?!\\.)(\\w+\\.?)+@",
  "[(](a+)+[)]",
  "^([a-zA-Z0-9]([-.\\w]*[a-zA-Z0-9])*@([a-zA-Z0-9][-\\w]*[a-zA-Z0-9]\\.)+[a-zA-Z]{2,9})$",
];

const BACKREFERENCE = "has a backreference";
const SYNTAX = "is not a regular expression (ECMA-262, with the u flag)";
const TOO_LARGE =
  "may take more than linear time and has, with its repetitions written out, more than 10000 characters";

const admitted = (source: string): Pattern => {
  const read = readPattern(source);
  if (typeof read === "string") throw new Error(`${source} ${read}`);
  return read;
};

describe("a linear pattern is tried on texts of any length", () => {
  it.each([...LINEAR.map((source) => [source, source] as const), ...OF_ZOD])("%s", (_, source) => {
    expect(admitted(source).subjectMax).toBe(Infinity);
  });
});

describe("a polynomial or undecided pattern is tried on texts up to a length", () => {
  it.each(BOUNDED)("%s", (source) => {
    const { subjectMax } = admitted(source);
    expect(subjectMax).toBeGreaterThan(1000);
    expect(subjectMax).toBeLessThan(100_000);
  });
});

describe("an exponential pattern is refused, with a text on which it is", () => {
  it.each(EXPONENTIAL)("%s", (source) => {
    const refusal = readPattern(source) as string;
    expect(refusal).toContain("can take exponential time, for example on ");
    const text = JSON.parse(refusal.slice(refusal.indexOf('"'))) as string;
    expect(text.length).toBeLessThan(100);
    expect(backtracker(source, 100_000)(text).isMatch).toBeUndefined();
  });
});

describe("a pattern is refused for what it uses", () => {
  it.each([
    ["(a)\\1", BACKREFERENCE],
    ["(?<x>a)\\k<x>", BACKREFERENCE],
    ["(?<=(?:a|b)*)c", "looks behind over a quantifier"],
    ["(?<=a+)b", "looks behind over a quantifier"],
    [`(?<=${"(?:a|a)".repeat(10)})b`, "looks behind over too many characters and alternatives"],
    ["(?i:a)", "changes flags inside"],
    ["(?:(?=aaaa)a){4000}b", TOO_LARGE],
    ["x{0,5000}x{0,5000}x{0,5000}y", TOO_LARGE],
    ["(", SYNTAX],
    ["a{2,1}", SYNTAX],
    ["\\u{110000}", SYNTAX],
    ["\\p{digit}+(", SYNTAX],
    ["a".repeat(1025), "is longer than 1024 characters"],
  ])("%s", (source, why) => {
    expect(readPattern(source)).toBe(why);
  });
});

describe("a pattern matches what it matches in the engine", () => {
  it("if the engine tests it", () => {
    fc.assert(
      fc.property(aPattern, aSubject, (source, subject) => {
        const read = readPattern(source);
        fc.pre(typeof read !== "string");
        expect(read.matches(subject)).toBe(new RegExp(source, "u").test(subject));
      }),
      { numRuns: 1000 },
    );
  });

  it("if our own search tests it, which counts the steps of a backtracking engine", () => {
    fc.assert(
      fc.property(aPattern, aSubject, (source, subject) => {
        const program = writeOut(
          parsePattern(source) as Exclude<ReturnType<typeof parsePattern>, string>,
          Infinity,
        )!;
        const { isMatch, steps } = backtracker(source, 1_000_000)(subject);
        fc.pre(isMatch !== undefined);
        expect(new RegExp(source, "u").test(subject)).toBe(isMatch);
        const counted = search(program, subject);
        expect(counted > 0).toBe(isMatch);
        expect(Math.abs(counted)).toBeGreaterThanOrEqual(steps);
      }),
      { numRuns: 3000 },
    );
  });
});

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

it("a random pattern is only refused as exponential with a text on which it is", () => {
  let refused = 0;
  fc.assert(
    fc.property(aPatternOfTheWhole, (source) => {
      const read = readPattern(source);
      if (typeof read !== "string" || !read.startsWith("can take")) return;
      refused += 1;
      const text = JSON.parse(read.slice(read.indexOf('"'))) as string;
      expect(backtracker(source, 20_000)(text).isMatch).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(0);
});

it("a long text with many groups does not overflow the engine's stack", () => {
  for (const source of [`^${"(".repeat(200)}a${")".repeat(200)}*$`, `^(?:${"(a)?".repeat(20)}b)*$`]) {
    expect(admitted(source).matches("b".repeat(262_143))).toBe(source.includes("b"));
    expect(admitted(source).matches("a".repeat(262_143))).toBe(!source.includes("b"));
  }
});

it("no source makes it throw", () => {
  const source = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(..."a b \\ ( [ { < ? = ! : | ) ] } * + ^ $ . , - 1 u k p P".split(" ")),
    }),
  );
  fc.assert(
    fc.property(source, (text) => typeof readPattern(text) !== "undefined"),
    { numRuns: 2000 },
  );
});
