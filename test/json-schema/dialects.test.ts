import { describe, expect, it } from "vitest";
import { compile, inspectSchema } from "../../src/json-schema/index.ts";
import { toUnicodeSyntax } from "../../src/json-schema/pattern/dialect.ts";
import { DRAFT_2019, DRAFT_2020, DRAFT_4, DRAFT_7 } from "./schemas.ts";

describe.each([DRAFT_4, DRAFT_7, DRAFT_2019, DRAFT_2020])(
  "%s reads patterns that need no u flag",
  ($schema) => {
    it.each<[pattern: string, matching: string[], others: string[]]>([
      ["^a\\-b$", ["a-b"], ["a\\-b", "ab"]],
      ["^\\d{2}\\:\\d{2}$", ["12:30"], ["1230"]],
      ["^\\_\\w+$", ["_a"], ["a"]],
      ["^[\\w-.]+$", ["a-b.c_"], ["a,b"]],
      ["^[\\w-]+$", ["a-b"], ["a.b"]],
      ["^[a-\\d]+$", ["a-1"], ["b"]],
      ["^[\\w\\-\\.]+$", ["a-b.c"], ["a b"]],
      ["^[\\:\\@\\_]+$", [":@_"], ["\\"]],
      ["^[\\]\\-\\\\\\_]+$", ["]-\\_"], ["["]],
      ["^\\\"\\'\\`\\~\\!\\@\\#\\%\\&\\=\\<\\>\\,\\;\\ $", ["\"'`~!@#%&=<>,; "], [""]],
      ["^\\$\\{.*}$", ["${a}"], ["$a"]],
      ["^{{.*}}$", ["{{a}}"], ["{a}"]],
      ["^a{2}{$", ["aa{"], ["aa"]],
      ["^]$", ["]"], ["\\]"]],
      ["^\\–\\u00e9\\-$", ["–é-"], ["-é-"]],
    ])("%s", (pattern, matching, others) => {
      const schema = { $schema, pattern };
      expect(inspectSchema(schema)).toEqual({ errors: [], warnings: [] });
      const validate = compile(schema);
      for (const value of matching) expect(validate(value), value).toEqual([]);
      for (const value of others) expect(validate(value), value).toHaveLength(1);
    });

    it.each(["\\A", "\\Z", "\\h", "\\e", "[\\q-]", "(?P<a>b)", "a**", "[", "[b-a]"])(
      "refuses %s",
      (pattern) => {
        expect(inspectSchema({ $schema, pattern }).errors).toHaveLength(1);
      },
    );
  },
);

it("reads as the engine does without the u flag", () => {
  for (const source of [
    "\\-",
    "[\\w-.]",
    "[.-\\w]",
    "[+--\\w]",
    "a{,2}",
    "{a}",
    "x{2}}",
    "\\/\\:",
    "[\\:-\\_]",
    "]{1}",
  ]) {
    const [ours, theirs] = [new RegExp(toUnicodeSyntax(source), "u"), new RegExp(source)];
    for (let point = 0; point < 128; point++) {
      const text = String.fromCharCode(point);
      for (const subject of [text, `xx${text}`, `a{,2${text}`, `{a${text}`]) {
        expect(ours.test(subject), `${source} ${subject}`).toBe(theirs.test(subject));
      }
    }
  }
});

it("reads a pattern with the u flag if it can be: a character beyond 16 bits is one character", () => {
  expect(compile({ pattern: "^.$" })("😀")).toEqual([]);
  expect(compile({ pattern: "^\\p{Lu}$" })("É")).toEqual([]);
  expect(compile({ pattern: "^\\-.$" })("-😀")).toEqual([]);
});

it("warns of patterns that are only tried on texts up to a length", () => {
  const { errors, warnings } = inspectSchema({
    properties: { a: { pattern: "\\s+$" }, b: { pattern: "^\\s+$" } },
    patternProperties: { "a*a*/": true },
  });
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    {
      pointer: "/patternProperties/a*a*~1",
      detail: expect.stringContaining("characters will be invalid") as string,
    },
    { pointer: "/properties/a/pattern", detail: expect.stringContaining("more than linear time") as string },
  ]);
  expect(
    inspectSchema({ allOf: Array.from({ length: 50 }, () => ({ pattern: "\\s+$" })) }).warnings,
  ).toHaveLength(20);
});

it("analyses the patterns of one schema with a bounded effort: those that are left count as not linear", () => {
  const properties = Object.fromEntries(
    Array.from({ length: 99 }, (_, index) => [`p${index}`, { pattern: `^(a|b)*a(a|b){14}x{${index}}$` }]),
  );
  const { errors, warnings } = inspectSchema({
    properties: { ...properties, z: { pattern: "^[a-z]+(-[a-z]+)*$" } },
  });
  expect(errors).toEqual([]);
  expect(warnings).toHaveLength(20);
});
