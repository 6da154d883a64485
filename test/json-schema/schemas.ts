import { schemaErrors } from "../../src/json-schema/index.ts";

export const DRAFT_4 = "http://json-schema.org/draft-04/schema#";
export const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
export const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";
export const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";

export const pointers = (schema: unknown) => schemaErrors(schema).map(({ pointer }) => pointer);
export const details = (schema: unknown) => schemaErrors(schema).map(({ detail }) => detail);

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
export const members = <T>(count: number, make: (index: number) => [string, T]) =>
  Object.fromEntries(times(count, make));
export const nested = (levels: number, wrap: (inner: unknown) => unknown, innermost: unknown): unknown => {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};
