import { canonical } from "../json-value.ts";
import { readPattern, type Pattern } from "../pattern/hazard.ts";
import type { Builder } from "./index.ts";
import type { Evaluation } from "../evaluation.ts";
import { fail, forNumbers, forStrings, type Check, type Path } from "../frame.ts";
import { isObject } from "../keywords.ts";

const hasType = (value: unknown, type: string): boolean => {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
};

const type: Builder = ({ type: given }) => {
  if (given === undefined) return undefined;
  const types = [given].flat();
  const detail = `must be of type ${types.join(" or ")}`;
  return (value, frame) => types.some((name) => hasType(value, name)) || fail(frame, detail);
};

export const isContainer = (value: unknown) => typeof value === "object" && value !== null;

/** Whether a value is among some, however many. */
function membership(values: unknown[], evaluation: Evaluation): Check {
  const scalars = new Set(values.filter((value) => !isContainer(value)));
  const containers = new Set(values.filter(isContainer).map(canonical));
  return (value, { path }) =>
    isContainer(value)
      ? containers.size > 0 && containers.has(evaluation.canonical(value, path))
      : scalars.has(value);
}

const enumeration: Builder = ({ enum: values }, evaluation) => {
  if (values === undefined) return undefined;
  const isMember = membership(values, evaluation);
  return (value, frame) =>
    isMember(value, frame) || fail(frame, "must be one of the values that the schema lists");
};

const constant: Builder = (schema, evaluation) => {
  if (!("const" in schema)) return undefined;
  const isMember = membership([schema.const], evaluation);
  return (value, frame) => isMember(value, frame) || fail(frame, "must be the value that the schema gives");
};

/** A number's digits, and the power of ten they count: multiples of 0.01 are decimal, doubles are not. */
function decimal(value: number): { digits: bigint; exponent: number } {
  const [coefficient = "", exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole = "", fraction = ""] = coefficient.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

function isMultiple(value: number, divisor: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const [a, b] = [decimal(value), decimal(divisor)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: typeof a) => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

/** Digits of up to 640 places each take a while. */
const DECIMAL_WORK = 100;

const multiple: Builder = ({ multipleOf }, evaluation) =>
  multipleOf === undefined
    ? undefined
    : forNumbers((value, frame) => {
        evaluation.spend(DECIMAL_WORK, frame.path);
        return isMultiple(value, multipleOf) || fail(frame, `must be a multiple of ${multipleOf}`);
      });

const bound = (
  limit: number | boolean | undefined,
  holds: (value: number, limit: number) => boolean,
  words: string,
): Check | undefined =>
  typeof limit === "number"
    ? forNumbers((value, frame) => holds(value, limit) || fail(frame, `must be ${words} ${limit}`))
    : undefined;

// In draft 4 the exclusive ones are flags of the others.
const maximum: Builder = (schema) =>
  schema.exclusiveMaximum === true
    ? bound(schema.maximum, (value, limit) => value < limit, "less than")
    : bound(schema.maximum, (value, limit) => value <= limit, "at most");
const minimum: Builder = (schema) =>
  schema.exclusiveMinimum === true
    ? bound(schema.minimum, (value, limit) => value > limit, "more than")
    : bound(schema.minimum, (value, limit) => value >= limit, "at least");
const exclusiveMaximum: Builder = (schema) =>
  bound(schema.exclusiveMaximum, (value, limit) => value < limit, "less than");
const exclusiveMinimum: Builder = (schema) =>
  bound(schema.exclusiveMinimum, (value, limit) => value > limit, "more than");

/** Characters to count that take as long as one unit of work. */
const CHARACTERS_PER_UNIT = 16;

const length: Builder = ({ minLength = 0, maxLength = Infinity }, evaluation) =>
  minLength === 0 && maxLength === Infinity
    ? undefined
    : forStrings((value, frame) => {
        // A character takes one or two units of UTF-16; most strings are decided without counting.
        let characters = value.length;
        if (characters >= minLength && (characters > maxLength || characters < 2 * minLength)) {
          evaluation.spend(characters / CHARACTERS_PER_UNIT, frame.path);
          for (let at = 0; at < value.length - 1; at++) if (value.codePointAt(at)! > 0xffff) characters--;
        }
        if (characters < minLength) return fail(frame, `must have at least ${minLength} characters`);
        if (characters > maxLength) return fail(frame, `must have at most ${maxLength} characters`);
        return true;
      });

/** What a test takes at least, and steps of a test that take as long as one unit, when it goes badly. */
const PATTERN_WORK = 4;
const STEPS_PER_UNIT = 2;

export function isMatch(
  { matches, subjectMax, steps }: Pattern,
  subject: string,
  path: Path,
  evaluation: Evaluation,
): boolean {
  if (subject.length > subjectMax) {
    evaluation.stop(path, `is longer than the ${subjectMax} characters up to which its pattern is tried`);
  }
  evaluation.spend(PATTERN_WORK + steps(subject.length) / STEPS_PER_UNIT, path);
  return matches(subject);
}

/** A pattern that admission has let through. */
export const admitted = (source: string) => readPattern(source) as Pattern;

const pattern: Builder = ({ pattern: source }, evaluation) => {
  if (source === undefined) return undefined;
  const read = admitted(source);
  return forStrings(
    (value, frame) =>
      isMatch(read, value, frame.path, evaluation) ||
      fail(frame, "must match the pattern that the schema gives"),
  );
};

export const OF_SCALARS: Builder[] = [
  [type, constant, enumeration],
  [multiple, maximum, exclusiveMaximum, minimum, exclusiveMinimum],
  [length, pattern],
].flat();
