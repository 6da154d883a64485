import * as fc from "fast-check";

const atom = fc.constantFrom(..."a b c . [ab] [^b] \\w \\d é 😀 [b-é] \\p{L} a b - ,".split(" "));
const assertion = fc.constantFrom("^", "$", "\\b", "\\B", "(?<=a)", "(?<!b|ab)");
const quantifier = fc.constantFrom(..."* + ? {2} {0,2} {1,3} {2,} *? +? ??".split(" "));

/** Patterns of groups, alternatives, quantifiers and lookaheads over few characters. */
export const aPattern: fc.Arbitrary<string> = fc.letrec<{ pattern: string }>((tie) => {
  const inner = tie("pattern");
  const group = inner.map((source) => `(?:${source})`);
  const quantifiable = fc.oneof({ weight: 4, arbitrary: atom }, { weight: 2, arbitrary: group });
  const piece = fc.oneof(
    { weight: 4, arbitrary: atom },
    { weight: 5, arbitrary: fc.tuple(quantifiable, quantifier).map((parts) => parts.join("")) },
    { weight: 1, arbitrary: assertion },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("(?=", "(?!"), inner).map(([open, source]) => `${open}${source})`),
    },
  );
  const sequence = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
  const choice = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((all) => all.join("|"));
  return {
    pattern: fc.oneof({ maxDepth: 3, depthSize: "small" }, sequence, choice),
  };
}).pattern;

/** As people write them: with both ends given. */
export const aPatternOfTheWhole = fc
  .tuple(aPattern, fc.constantFrom("", "$"))
  .map(([source, end]) => `^(?:${source})${end}`);

export const aSubject = fc.string({
  unit: fc.constantFrom(..."a b c 1 - , é 😀 \ud83d \n".split(" "), " "),
  maxLength: 10,
});

/** Whether V8 may find an empty match between the halves of a surrogate pair; by the standard, nothing starts there. */
export const isWithinPair = (source: string, subject: string): boolean =>
  /\\B|\(\?(?:!|<!)/.test(source) && /[\u{10000}-\u{10ffff}]/u.test(subject);
