import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patternHazard, readPattern, type Pattern } from "../../src/json-schema/pattern/hazard.ts";

const BACKREFERENCE = "has a backreference";
const REPETITION =
  "repeats a group that contains a quantifier, an alternation or an assertion: it can take exponential time";
const WAYS = "leaves too many ways to match the same text: it can take too long";
const SYNTAX = "is not a regular expression (ECMA-262, with the u flag)";

describe("a pattern that can blow up is refused for its form", () => {
  it.each<[pattern: string, why: string]>([
    ["(a)\\1", BACKREFERENCE],
    ["(?<x>a)\\k<x>", BACKREFERENCE],
    ["^(a+)+$", REPETITION],
    ["^(a*)*$", REPETITION],
    ["^(a?){40}$", REPETITION],
    ["^(?:a+){2,}$", REPETITION],
    ["^(a|aa)+$", REPETITION],
    ["^(a|b|ab)*$", REPETITION],
    ["(.*a){20}", REPETITION],
    ["(x+x+)+y", REPETITION],
    ["^((ab)*)+$", REPETITION],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", REPETITION],
    ["^(?:(?:(?:a+)))*$", REPETITION],
    ["^(?:(?=a*)a)*$", REPETITION],
    ["^(?:(?!a|b)c)+$", REPETITION],
    ["(?=(a+)+)", REPETITION],
    ["(?<=(?:a|b)*)c", "looks behind over a quantifier"],
    ["(?:(?=aaaa)a){4000}b", REPETITION],
    ["(?:\\ba)+", REPETITION],
    ["[(](a+)+[)]", REPETITION],
    ["\\((a+)+\\)", REPETITION],
    ["(?<=a+)b", "looks behind over a quantifier"],
    ["(?i:a)", "changes flags inside"],
    ["a*a*a*a*b", WAYS],
    [".*.*.*.*=.*", WAYS],
    ["[a-z]*[a-y]*[a-x]*[a-w]*!", WAYS],
    ["^[^\\p{Lu}]*a[^\\p{Lu}]*a[^\\p{Lu}]*a[^\\p{Lu}]*a$", WAYS],
    ["^[^\\P{Ll}]*a[^\\P{Ll}]*a[^\\P{Ll}]*a[^\\P{Ll}]*a$", WAYS],
    ["^[^\\s\\p{Lu}]*a[^\\s\\p{Lu}]*a[^\\s\\p{Lu}]*a[^\\s\\p{Lu}]*a$", WAYS],
    ["^[^\\p{Lu}\\s]*a[^\\p{Lu}\\s]*a[^\\p{Lu}\\s]*a[^\\p{Lu}\\s]*a$", WAYS],
    ["^\\p{Ll}*a\\P{Lu}*a[\\p{Ll}]*a[\\P{Lu}]*a$", WAYS],
    ["x{0,5000}x{0,5000}x{0,5000}y", WAYS],
    ["a?".repeat(30) + "a".repeat(30), WAYS],
    ["(?:a|a)".repeat(30) + "b", WAYS],
    ["(?:a|ab?)".repeat(30) + "c", WAYS],
    ["a{0,9}".repeat(9) + "b", WAYS],
    ["(", SYNTAX],
    ["a{2,1}", SYNTAX],
    ["\\u{110000}", SYNTAX],
    ["\\p{digit}+(", SYNTAX],
    ["a".repeat(1025), "is longer than 1024 characters"],
  ])("%s", (pattern, why) => {
    expect(patternHazard(pattern)).toBe(why);
  });
});

describe("a pattern that cannot is admitted, with the length of subject that it bears", () => {
  it.each<[pattern: string, subjectMax: number]>([
    ["", 8192],
    ["^$", 8192],
    ["^[a-z][a-z0-9_]*$", 8192],
    ["^\\d+(\\.\\d+)?$", 8192],
    ["^\\d{4}-\\d{2}-\\d{2}$", 8192],
    ["^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", 8192],
    ["^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$", 8192],
    ["^(?:ab)*$", 8192],
    ["^(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\\d|3[01])$", 8192],
    ["^[\\w\\-\\.]+$", 8192],
    ["^[\\p{L} ]+$", 8192],
    ["^[^\\p{C}]+$", 8192],
    ["^https?://[^\\s/$.?#].[^\\s]*$", 8192],
    ["^v?(\\d+)\\.(\\d+)\\.(\\d+)(?:-([0-9A-Za-z.-]+))?$", 8192],
    ["[^)]\\)", 8192],
    // one quantifier may end at many places, and one more choice is where to begin
    ["^[^@]+@[^@]+\\.[^@]+$", 707],
    [".*\\S.*", 707],
    ["^(?=.*[A-Z])(?=.*\\d).+$", 707],
    ["[0-9a-f]{64}!", 707],
    ["^a+(?=b*)$", 707],
    // two of them
    ["^.*@.*\\..*$", 79],
  ])("%s", (pattern, subjectMax) => {
    expect((readPattern(pattern) as Pattern).subjectMax).toBe(subjectMax);
  });
});

it("matches as the engine does", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^b]",
    "\\w",
    "^",
    "$",
    "a*",
    "b+",
    "(?:ab)?",
    "(?!b)",
    "a{2}",
    "|",
  );
  const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
  const subject = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, subject, (source, text) => {
      const read = readPattern(source);
      if (typeof read === "string") return;
      expect(read.matches(text)).toBe(new RegExp(source, "u").test(text));
    }),
  );
});

it("never throws, whatever it is given", () => {
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
