import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPattern, type Pattern } from "../../src/json-schema/pattern/index.ts";
import { writeOut } from "../../src/json-schema/pattern/parts.ts";
import { search } from "../../src/json-schema/pattern/search.ts";
import { parsePattern } from "../../src/json-schema/pattern/syntax.ts";
import { backtracker } from "./backtracker.ts";
import { BOUNDED, EXPONENTIAL, LINEAR, OF_ZOD } from "./pattern-samples.ts";
import { aPattern, aPatternOfTheWhole, aSubject, isWithinPair } from "./random-patterns.ts";

const BACKREFERENCE = "has a backreference";
const SYNTAX = "is not a regular expression (ECMA-262, with the u flag)";
const TOO_LARGE =
  "may take more than linear time, and is too large for a search of bounded time: it repeats too much";

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
    ["x{0,9000}x{0,9000}x{0,9000}y", TOO_LARGE],
    ["(?:){0,99999999}", TOO_LARGE],
    [`${"(?:".repeat(200)}a${")*".repeat(200)}`, TOO_LARGE],
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
        fc.pre(typeof read !== "string" && !isWithinPair(source, subject));
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
          20_000,
        )!;
        const { isMatch, steps } = backtracker(source, 1_000_000)(subject);
        fc.pre(isMatch !== undefined && !isWithinPair(source, subject));
        expect(new RegExp(source, "u").test(subject)).toBe(isMatch);
        const counted = search(program, subject);
        expect(counted > 0).toBe(isMatch);
        expect(Math.round(Math.abs(counted))).toBe(steps);
      }),
      { numRuns: 3000 },
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
