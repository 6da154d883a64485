import { readPattern, type Pattern } from "./pattern-hazard.ts";
import { canonical } from "./json-value.ts";
import { hidesSiblings, type Place, type Reference } from "./schema-document.ts";
import type { Evaluation, Evaluator } from "./schema-evaluation.ts";
import {
  childOf,
  depthOf,
  REASONS_MAX,
  every,
  fail,
  isFull,
  silent,
  type Check,
  type Frame,
  type Path,
  type Reason,
} from "./schema-frame.ts";
import { isObject, KEYWORDS, type Draft, type JsonSchema, type JsonSchemaObject } from "./schema-keywords.ts";

/** The keywords that decide anything, as admission has left them. */
interface Admitted {
  $dynamicRef?: string;
  $recursiveRef?: string;
  $ref?: string;
  additionalItems?: JsonSchema;
  additionalProperties?: JsonSchema;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  const?: unknown;
  contains?: JsonSchema;
  dependencies?: Record<string, JsonSchema | string[]>;
  dependentRequired?: Record<string, string[]>;
  dependentSchemas?: Record<string, JsonSchema>;
  else?: JsonSchema;
  enum?: unknown[];
  exclusiveMaximum?: number | boolean;
  exclusiveMinimum?: number | boolean;
  if?: JsonSchema;
  items?: JsonSchema | JsonSchema[];
  maxContains?: number;
  maxItems?: number;
  maxLength?: number;
  maxProperties?: number;
  maximum?: number;
  minContains?: number;
  minItems?: number;
  minLength?: number;
  minProperties?: number;
  minimum?: number;
  multipleOf?: number;
  not?: JsonSchema;
  oneOf?: JsonSchema[];
  pattern?: string;
  patternProperties?: Record<string, JsonSchema>;
  prefixItems?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  propertyNames?: JsonSchema;
  required?: string[];
  then?: JsonSchema;
  type?: string | string[];
  unevaluatedItems?: JsonSchema;
  unevaluatedProperties?: JsonSchema;
  uniqueItems?: boolean;
}

type Builder = (schema: Admitted, evaluation: Evaluation, draft: Draft) => Check | undefined;

/** What the schema at a place has to say of a value. */
export function checksOf(
  place: Place,
  draft: Draft,
  evaluation: Evaluation,
): Pick<Evaluator, "checks" | "closing"> {
  const references = place.references.map((reference) => follow(reference, evaluation));
  if (hidesSiblings(draft, place.schema)) return { checks: references, closing: [] };
  const known = Object.entries(place.schema).filter(([name]) => KEYWORDS[draft].has(name));
  const schema = Object.fromEntries(known) as Admitted;
  const build = (builders: Builder[]) =>
    builders.map((builder) => builder(schema, evaluation, draft)).filter((check) => check !== undefined);
  return { checks: [...references, ...build(BUILDERS)], closing: build(CLOSING) };
}

const follow =
  ({ target, dynamicName }: Reference, evaluation: Evaluation): Check =>
  (value, frame) => {
    let schema = target;
    // The outermost anchor of the name wins: that is how a schema extends one that refers to itself.
    for (let scope = dynamicName === undefined ? undefined : frame.scope; scope; scope = scope.outer) {
      evaluation.spend(1, frame.path);
      schema = scope.resource.dynamicAnchors.get(dynamicName!) ?? schema;
    }
    return evaluation.evaluate(evaluation.of(schema), value, frame);
  };

/** A check that only some type of value is subject to. */
const forNumbers =
  (check: (value: number, frame: Frame) => boolean): Check =>
  (value, frame) =>
    typeof value !== "number" || check(value, frame);
const forStrings =
  (check: (value: string, frame: Frame) => boolean): Check =>
  (value, frame) =>
    typeof value !== "string" || check(value, frame);
const forArrays =
  (check: (value: unknown[], frame: Frame) => boolean): Check =>
  (value, frame) =>
    !Array.isArray(value) || check(value, frame);
const forObjects =
  (check: (value: JsonSchemaObject, frame: Frame) => boolean): Check =>
  (value, frame) =>
    !isObject(value) || check(value, frame);

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

const isContainer = (value: unknown) => typeof value === "object" && value !== null;

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

function isMatch(
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

const admitted = (source: string) => readPattern(source) as Pattern;

const pattern: Builder = ({ pattern: source }, evaluation) => {
  if (source === undefined) return undefined;
  const read = admitted(source);
  return forStrings(
    (value, frame) =>
      isMatch(read, value, frame.path, evaluation) ||
      fail(frame, "must match the pattern that the schema gives"),
  );
};

const itemCount: Builder = ({ minItems = 0, maxItems = Infinity }) =>
  minItems === 0 && maxItems === Infinity
    ? undefined
    : forArrays((value, frame) => {
        if (value.length < minItems) return fail(frame, `must have at least ${minItems} items`);
        if (value.length > maxItems) return fail(frame, `must have at most ${maxItems} items`);
        return true;
      });

const uniqueItems: Builder = ({ uniqueItems: wanted }, evaluation) =>
  wanted
    ? forArrays((value, frame) => {
        const scalars = new Set<unknown>();
        const containers = new Set<string>();
        for (const item of value) {
          evaluation.spend(2, frame.path);
          if (isContainer(item)) containers.add(evaluation.canonical(item, frame.path));
          else scalars.add(item);
        }
        return scalars.size + containers.size === value.length || fail(frame, "must not have equal items");
      })
    : undefined;

const propertyCount: Builder = ({ minProperties = 0, maxProperties = Infinity }, evaluation) =>
  minProperties === 0 && maxProperties === Infinity
    ? undefined
    : forObjects((value, frame) => {
        const { length: count } = namesOf(value, frame, evaluation);
        if (count < minProperties) return fail(frame, `must have at least ${minProperties} properties`);
        if (count > maxProperties) return fail(frame, `must have at most ${maxProperties} properties`);
        return true;
      });

/** Listing a name and looking its value up, in units. */
const NAME_WORK = 8;

function namesOf(value: object, { path }: Frame, evaluation: Evaluation): string[] {
  const names = Object.keys(value);
  evaluation.spend(NAME_WORK * names.length, path);
  return names;
}

/** Names as they may be quoted; long ones are cut. */
const quoted = (name: string) => JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);

function hasAll(value: object, names: string[], frame: Frame, evaluation: Evaluation): boolean {
  evaluation.spend(names.length, frame.path);
  let complete = true;
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue;
    complete = fail(frame, `must have the property ${quoted(name)}`);
    if (isFull(frame)) break;
  }
  return complete;
}

const required: Builder = ({ required: names }, evaluation) =>
  names && forObjects((value, frame) => hasAll(value, names, frame, evaluation));

/** What the presence of one property entails: that of others, or a schema for the whole. */
function dependencies(entailed: Record<string, JsonSchema | string[]> | undefined, evaluation: Evaluation) {
  if (entailed === undefined) return undefined;
  const entries = Object.entries(entailed).map(
    ([name, given]) => [name, Array.isArray(given) ? given : evaluation.of(given)] as const,
  );
  return forObjects((value, frame) => {
    evaluation.spend(entries.length, frame.path);
    return every(entries, frame, ([name, given]) => {
      if (!Object.hasOwn(value, name)) return true;
      return Array.isArray(given)
        ? hasAll(value, given, frame, evaluation)
        : evaluation.evaluate(given, value, frame);
    });
  });
}

const anyDependencies: Builder = (schema, evaluation) => dependencies(schema.dependencies, evaluation);
const dependentRequired: Builder = (schema, evaluation) => dependencies(schema.dependentRequired, evaluation);
const dependentSchemas: Builder = (schema, evaluation) => dependencies(schema.dependentSchemas, evaluation);

const allOf: Builder = ({ allOf: schemas }, evaluation) => {
  const all = schemas?.map((schema) => evaluation.of(schema));
  return all && ((value, frame) => every(all, frame, (schema) => evaluation.evaluate(schema, value, frame)));
};

/**
 * Counts the alternatives that fit, up to `enough`.
 *
 * Where none does and one of them got past the value itself, its reasons are the ones to tell.
 */
function fitting(
  schemas: (Evaluator | boolean)[],
  enough: number,
  value: unknown,
  frame: Frame,
  evaluation: Evaluation,
): number {
  const here = depthOf(frame.path);
  let count = 0;
  let closest: Reason[] = [];
  for (const schema of schemas) {
    const reasons: Reason[] | undefined = frame.reasons && [];
    const evaluated: Frame["evaluated"] = frame.evaluated && new Set();
    if (evaluation.evaluate(schema, value, { ...frame, reasons, evaluated })) {
      count += 1;
      for (const step of evaluated ?? []) frame.evaluated?.add(step);
      if (count === enough) break;
    } else if (reasons && closest.length === 0 && reasons.every(({ path }) => depthOf(path) > here)) {
      closest = reasons;
    }
  }
  if (count === 0) frame.reasons?.push(...closest.slice(0, REASONS_MAX - frame.reasons.length));
  return count;
}

const anyOf: Builder = ({ anyOf: schemas }, evaluation) => {
  const any = schemas?.map((schema) => evaluation.of(schema));
  return (
    any &&
    ((value, frame) =>
      // Each that fits says more of what has been evaluated.
      fitting(any, frame.evaluated ? Infinity : 1, value, frame, evaluation) > 0 ||
      fail(frame, "must fit one of the forms that the schema lists (anyOf)"))
  );
};

const oneOf: Builder = ({ oneOf: schemas }, evaluation) => {
  const one = schemas?.map((schema) => evaluation.of(schema));
  return (
    one &&
    ((value, frame) => {
      const count = fitting(one, 2, value, frame, evaluation);
      if (count === 2) return fail(frame, "must fit only one of the forms that the schema lists (oneOf)");
      return count === 1 || fail(frame, "must fit one of the forms that the schema lists (oneOf)");
    })
  );
};

const not: Builder = ({ not: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const unwanted = evaluation.of(schema);
  return (value, frame) =>
    !evaluation.evaluate(unwanted, value, { ...silent(frame), evaluated: undefined }) ||
    fail(frame, "must not fit the form that the schema excludes");
};

const conditional: Builder = (
  { if: given, then: consequence = true, else: alternative = true },
  evaluation,
) => {
  if (given === undefined) return undefined;
  const [condition, fits, differs] = [given, consequence, alternative].map((schema) => evaluation.of(schema));
  return (value, frame) =>
    evaluation.evaluate(
      evaluation.evaluate(condition!, value, silent(frame)) ? fits! : differs!,
      value,
      frame,
    );
};

const propertyNames: Builder = ({ propertyNames: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forObjects((value, frame) =>
    every(namesOf(value, frame, evaluation), frame, (name) => {
      const names = { ...silent(childOf(frame, name)) };
      return (
        evaluation.evaluate(form, name, names) ||
        fail({ ...names, reasons: frame.reasons }, "has a name that the schema does not allow")
      );
    }),
  );
};

const properties: Builder = (schema, evaluation) => {
  const { properties: named = {}, patternProperties = {}, additionalProperties = true } = schema;
  const byName = new Map(Object.entries(named).map(([name, given]) => [name, evaluation.of(given)]));
  const byPattern = Object.entries(patternProperties).map(
    ([source, given]) => [admitted(source), evaluation.of(given)] as const,
  );
  const rest = evaluation.of(additionalProperties);
  const hasRest = schema.additionalProperties !== undefined;
  if (byName.size === 0 && byPattern.length === 0 && !hasRest) return undefined;

  const check = (form: Evaluator | boolean, value: Record<string, unknown>, name: string, frame: Frame) => {
    frame.evaluated?.add(name);
    return evaluation.evaluate(form, value[name], childOf(frame, name));
  };
  if (byPattern.length === 0 && !hasRest) {
    return forObjects((value, frame) => {
      evaluation.spend(byName.size, frame.path);
      return every(
        byName,
        frame,
        ([name, form]) => !Object.hasOwn(value, name) || check(form, value, name, frame),
      );
    });
  }
  return forObjects((value, frame) =>
    every(namesOf(value, frame, evaluation), frame, (name) => {
      const forms = byPattern
        .filter(([read]) => isMatch(read, name, frame.path, evaluation))
        .map(([, form]) => form);
      const form = byName.get(name);
      if (form !== undefined) forms.unshift(form);
      if (forms.length === 0 && hasRest) forms.push(rest);
      return every(forms, frame, (each) => check(each, value, name, frame));
    }),
  );
};

const items: Builder = (schema, evaluation) => {
  // A list of items was `items` until 2020-12, with `additionalItems` for the rest.
  const isList = Array.isArray(schema.items);
  const leading = isList ? (schema.items as JsonSchema[]) : (schema.prefixItems ?? []);
  const following = isList ? schema.additionalItems : (schema.items as JsonSchema | undefined);
  if (leading.length === 0 && following === undefined) return undefined;
  const prefix = leading.map((given) => evaluation.of(given));
  const rest = following === undefined ? undefined : evaluation.of(following);
  return forArrays((value, frame) => {
    const end = rest === undefined ? Math.min(value.length, prefix.length) : value.length;
    return every(range(0, end), frame, (index) => {
      frame.evaluated?.add(index);
      return evaluation.evaluate(prefix[index] ?? rest!, value[index], childOf(frame, index));
    });
  });
};

function* range(from: number, to: number): Iterable<number> {
  for (let index = from; index < to; index++) yield index;
}

const contains: Builder = (
  { contains: schema, minContains = 1, maxContains = Infinity },
  evaluation,
  draft,
) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forArrays((value, frame) => {
    // In 2019-09 an item that is contained has not been evaluated.
    const evaluated = draft === "2020-12" ? frame.evaluated : undefined;
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (!evaluation.evaluate(form, item, silent(childOf(frame, index)))) continue;
      count += 1;
      evaluated?.add(index);
      if (!evaluated && (count > maxContains || (count >= minContains && maxContains === Infinity))) break;
    }
    if (count < minContains)
      return fail(frame, `must contain at least ${minContains} items of the form that the schema gives`);
    if (count > maxContains)
      return fail(frame, `must contain at most ${maxContains} items of the form that the schema gives`);
    return true;
  });
};

const unevaluatedItems: Builder = ({ unevaluatedItems: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forArrays((value, frame) =>
    every(range(0, value.length), frame, (index) => {
      if (frame.evaluated?.has(index)) return true;
      frame.evaluated?.add(index);
      return evaluation.evaluate(form, value[index], childOf(frame, index));
    }),
  );
};

const unevaluatedProperties: Builder = ({ unevaluatedProperties: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forObjects((value, frame) =>
    every(namesOf(value, frame, evaluation), frame, (name) => {
      if (frame.evaluated?.has(name)) return true;
      frame.evaluated?.add(name);
      return evaluation.evaluate(form, value[name], childOf(frame, name));
    }),
  );
};

/** The cheap ones first: where nobody reads the reasons, the first failure ends it. */
const BUILDERS: Builder[] = [
  [type, constant, enumeration],
  [multiple, maximum, exclusiveMaximum, minimum, exclusiveMinimum],
  [length, pattern],
  [itemCount, uniqueItems],
  [propertyCount, required, dependentRequired],
  [allOf, anyOf, oneOf, not, conditional, dependentSchemas, anyDependencies],
  [propertyNames, properties, items, contains],
].flat();

const CLOSING: Builder[] = [unevaluatedItems, unevaluatedProperties];
