import { isObject, pointerStep, shortPointer } from "./json-value.ts";
import { readPattern, type Pattern } from "./pattern/index.ts";
import type { Fault } from "./draft.ts";

/** Regular expressions. The engine takes up to a millisecond to compile one. */
const PATTERNS_MAX = 100;
/** For analysing all of them: some 100 to 200 ms. Patterns that are left then count as undecided. */
const EFFORT_MAX = 250_000;
const WARNINGS_MAX = 20;

/** The regular expressions of one schema. */
export class SchemaPatterns {
  readonly bySource = new Map<string, Pattern>();
  readonly warnings: Fault[] = [];
  readonly #effort = { left: EFFORT_MAX };
  #count = 0;

  /**
   * Reads the patterns in the value of a keyword, if it is one of those that have some.
   *
   * @param pointer  to the keyword
   * @returns completes the sentence "The <keyword> …" when one is refused
   */
  refusal(keyword: string, value: unknown, pointer: string): string | undefined {
    if (keyword === "pattern") return this.#read(value as string, pointer);
    if (keyword !== "patternProperties" || !isObject(value)) return undefined;
    for (const source of Object.keys(value)) {
      const refusal = this.#read(source, pointer + pointerStep(source));
      if (refusal) return `has a name that ${refusal}`;
    }
    return undefined;
  }

  #read(source: string, pointer: string): string | undefined {
    this.#count += 1;
    if (this.#count > PATTERNS_MAX)
      return `is one of more than ${PATTERNS_MAX} regular expressions of the schema`;
    const pattern = this.bySource.get(source) ?? readPattern(source, this.#effort);
    if (typeof pattern === "string") return pattern;
    this.bySource.set(source, pattern);
    if (pattern.subjectMax < Infinity && this.warnings.length < WARNINGS_MAX) {
      this.warnings.push({
        pointer: shortPointer(pointer),
        detail: `The pattern may take more than linear time: texts of more than ${pattern.subjectMax} characters will be invalid.`,
      });
    }
    return undefined;
  }
}
