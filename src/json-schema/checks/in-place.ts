import type { JsonSchema } from "../draft.ts";
import {
  depthOf,
  every,
  fail,
  forObjects,
  REASONS_MAX,
  silent,
  type Builder,
  type Evaluating,
  type Evaluator,
  type Frame,
  type Reason,
} from "../frame.ts";
import { hasAll } from "./objects.ts";

/** A property that is present requires further properties, or requires the whole object to fit a schema. */
function dependencies(required: Record<string, JsonSchema | string[]> | undefined, evaluation: Evaluating) {
  if (required === undefined) return undefined;
  const entries = Object.entries(required).map(
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
 * Counts the alternatives that the value fits; stops at `enough`.
 *
 * If it fits none, adds the reasons of the first one that failed only inside the value (not at the value itself, as with a
 * wrong type): probably the one that was meant.
 */
function fitting(
  schemas: (Evaluator | boolean)[],
  enough: number,
  value: unknown,
  frame: Frame,
  evaluation: Evaluating,
): number {
  const here = depthOf(frame.path);
  let count = 0;
  let closest: Reason[] = [];
  for (const schema of schemas) {
    const reasons: Reason[] | undefined = frame.reasons && [];
    if (evaluation.evaluate(schema, value, { ...frame, reasons })) {
      count += 1;
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
      // When evaluated names are collected, all alternatives that fit contribute to them.
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

/** Keywords that apply further schemas to the same value. */
export const IN_PLACE_BUILDERS: Builder[] = [
  [allOf, anyOf, oneOf, not, conditional],
  [dependentRequired, dependentSchemas, anyDependencies],
].flat();
