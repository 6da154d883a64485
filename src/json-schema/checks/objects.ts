import { childOf, every, fail, forObjects, isFull, silent } from "../frame.ts";
import type { Builder, Evaluating, Evaluator, Frame } from "../frame.ts";
import { isMatch } from "./strings.ts";

const propertyCount: Builder = ({ minProperties = 0, maxProperties = Infinity }, evaluation) =>
  minProperties === 0 && maxProperties === Infinity
    ? undefined
    : forObjects((value, frame) => {
        const { length: count } = namesOf(value, frame, evaluation);
        if (count < minProperties) return fail(frame, `must have at least ${minProperties} properties`);
        if (count > maxProperties) return fail(frame, `must have at most ${maxProperties} properties`);
        return true;
      });

/** Units for listing one name and looking up its value. */
const NAME_WORK = 8;

function namesOf(value: object, { path }: Frame, evaluation: Evaluating): string[] {
  const names = Object.keys(value);
  evaluation.spend(NAME_WORK * names.length, path);
  return names;
}

/** A name quoted for a message, cut to 64 characters. */
const quoted = (name: string) => JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** Whether the value has all the named properties. */
export function hasAll(value: object, names: string[], frame: Frame, evaluation: Evaluating): boolean {
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

const propertyNames: Builder = ({ propertyNames: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forObjects((value, frame) =>
    every(namesOf(value, frame, evaluation), frame, (name) => {
      const names = silent(childOf(frame, name));
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
    ([source, given]) => [evaluation.pattern(source), evaluation.of(given)] as const,
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

export const unevaluatedProperties: Builder = ({ unevaluatedProperties: schema }, evaluation) => {
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

export const OBJECT_BUILDERS: Builder[] = [propertyCount, required];
export const PROPERTY_BUILDERS: Builder[] = [propertyNames, properties];
