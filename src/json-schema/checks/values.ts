import { canonical, isContainer, isObject } from "../json-value.ts";
import { fail, type Builder, type Check, type Evaluating } from "../frame.ts";

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

/** Whether a value equals one of some. The cost does not grow with their number. */
function membership(values: unknown[], evaluation: Evaluating): Check {
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

export const VALUE_BUILDERS: Builder[] = [type, constant, enumeration];
