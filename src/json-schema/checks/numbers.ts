import { fail, forNumbers, type Builder, type Check } from "../frame.ts";

/** A number as decimal digits times a power of ten. Doubles cannot say whether 0.07 is a multiple of 0.01. */
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

/** Units that one division of up to 640 decimal digits takes. */
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

// In draft 4, exclusiveMaximum and exclusiveMinimum are flags that modify maximum and minimum.
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

export const NUMBER_BUILDERS: Builder[] = [multiple, maximum, exclusiveMaximum, minimum, exclusiveMinimum];
