import { Validator } from "@cfworker/json-schema";
import type { FieldError } from "./problem.ts";
import type { JsonSchema } from "./toolset.ts";

export function schemaErrors(_schema: unknown): FieldError[] {
  return [];
}

export function compile(schema: JsonSchema): (value: unknown) => FieldError[] {
  const validator = new Validator(schema, "2020-12", false);
  return (value) =>
    validator.validate(value).errors.map(({ instanceLocation, error }) => ({
      pointer: instanceLocation.slice(1),
      detail: error,
    }));
}
