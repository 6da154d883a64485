import type { Draft } from "./draft.ts";
import { canonical, isObject } from "./json-value.ts";
import type { Nesting } from "./nesting.ts";

export interface Keyword {
  /** Completes the sentence "The <keyword> …" when the value is wrong; undefined when it is right. */
  refusal: (value: unknown) => string | undefined;
  /** Undefined when the value holds no schemas, even if it looks like one (`const`, `default`, …). */
  nesting?: Nesting;
}

const must =
  (what: string, holds: (value: unknown) => boolean): Keyword["refusal"] =>
  (value) =>
    holds(value) ? undefined : `must be ${what}`;

const areNames = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.every((name) => typeof name === "string") &&
  new Set(value).size === value.length;
const areSomeNames = (value: unknown): value is string[] => areNames(value) && value.length > 0;

const TYPES = new Set<unknown>(["array", "boolean", "integer", "null", "number", "object", "string"]);
const isFilled = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > 0;

const any: Keyword = { refusal: () => undefined };
const text: Keyword = { refusal: must("a string", (value) => typeof value === "string") };
const flag: Keyword = { refusal: must("true or false", (value) => typeof value === "boolean") };
const number: Keyword = { refusal: must("a number", (value) => Number.isFinite(value)) };
const positive: Keyword = {
  refusal: must("a number above 0", (value) => Number.isFinite(value) && (value as number) > 0),
};
const count: Keyword = {
  refusal: must("a whole number, 0 or more", (value) => Number.isInteger(value) && (value as number) >= 0),
};
const list: Keyword = { refusal: must("an array", Array.isArray) };
const filledList: Keyword = { refusal: must("an array that is not empty", isFilled) };
const names: Keyword = { refusal: must("an array of different strings", areNames) };
const filledNames: Keyword = { refusal: must("a filled array of different strings", areSomeNames) };
const differentValues: Keyword = {
  refusal: must(
    "a filled array of different values",
    (value) => isFilled(value) && new Set(value.map(canonical)).size === value.length,
  ),
};
const types: Keyword = {
  refusal: must(
    "a type of JSON Schema, or an array of different ones",
    (value) => TYPES.has(value) || (areSomeNames(value) && value.every((name) => TYPES.has(name))),
  ),
};
const namesByProperty: Keyword = {
  refusal: must(
    "an object whose values are arrays of different strings",
    (value) => isObject(value) && Object.values(value).every(areNames),
  ),
};
const vocabulary: Keyword = {
  refusal: must(
    "an object whose values are true or false",
    (value) => isObject(value) && Object.values(value).every((required) => typeof required === "boolean"),
  ),
};
const matching = (pattern: RegExp): Keyword => ({
  refusal: must("a string of its draft's form", (value) => typeof value === "string" && pattern.test(value)),
});
const pattern: Keyword = {
  refusal: must("a string that is a regular expression", (value) => typeof value === "string"),
};

const schema: Keyword = { refusal: any.refusal, nesting: "schema" };
const schemas: Keyword = { refusal: filledList.refusal, nesting: "list" };
const schemaOrList: Keyword = {
  refusal: (value) => (Array.isArray(value) ? filledList.refusal(value) : undefined),
  nesting: "schema or list",
};
const map: Keyword = { refusal: must("an object", isObject), nesting: "map" };
const dependenciesOn = (areFit: (value: unknown) => boolean): Keyword => ({
  refusal: must(
    "an object of schemas and of arrays of different strings",
    (value) =>
      isObject(value) && Object.values(value).every((entry) => !Array.isArray(entry) || areFit(entry)),
  ),
  nesting: "map of schemas or names",
});

const COMMON = {
  $ref: text,
  $schema: text,
  additionalItems: schema,
  additionalProperties: schema,
  allOf: schemas,
  anyOf: schemas,
  default: any,
  definitions: map,
  dependencies: dependenciesOn(areNames),
  description: text,
  enum: list,
  format: text,
  items: schemaOrList,
  maxItems: count,
  maxLength: count,
  maxProperties: count,
  maximum: number,
  minItems: count,
  minLength: count,
  minProperties: count,
  minimum: number,
  multipleOf: positive,
  not: schema,
  oneOf: schemas,
  pattern,
  patternProperties: map,
  properties: map,
  required: names,
  title: text,
  type: types,
  uniqueItems: flag,
};

const DRAFT_7 = {
  ...COMMON,
  $comment: text,
  $id: text,
  const: any,
  contains: schema,
  contentEncoding: text,
  contentMediaType: text,
  else: schema,
  examples: list,
  exclusiveMaximum: number,
  exclusiveMinimum: number,
  if: schema,
  propertyNames: schema,
  readOnly: flag,
  then: schema,
  writeOnly: flag,
};

const DRAFT_2019 = {
  ...DRAFT_7,
  $anchor: matching(/^[A-Za-z][-A-Za-z0-9.:_]*$/),
  $defs: map,
  $id: matching(/^[^#]*#?$/),
  $recursiveAnchor: flag,
  $recursiveRef: text,
  $vocabulary: vocabulary,
  contentSchema: schema,
  dependentRequired: namesByProperty,
  dependentSchemas: map,
  deprecated: flag,
  maxContains: count,
  minContains: count,
  unevaluatedItems: schema,
  unevaluatedProperties: schema,
};

const {
  $recursiveAnchor: _anchor,
  $recursiveRef: _ref,
  additionalItems: _items,
  ...KEPT_IN_2020
} = DRAFT_2019;

const keywords = (table: Record<string, Keyword>): ReadonlyMap<string, Keyword> =>
  new Map(Object.entries(table));

/**
 * The meta-schemas as tables: for each keyword, what its value must be and where it holds further schemas. Keywords that are
 * not listed are ignored.
 *
 * `definitions` and `dependencies` still work after draft 7, as the later meta-schemas allow.
 *
 * @see https://json-schema.org/specification-links
 */
export const KEYWORDS: Record<Draft, ReadonlyMap<string, Keyword>> = {
  "4": keywords({
    ...COMMON,
    dependencies: dependenciesOn(areSomeNames),
    enum: differentValues,
    exclusiveMaximum: flag,
    exclusiveMinimum: flag,
    id: text,
    required: filledNames,
  }),
  "7": keywords(DRAFT_7),
  "2019-09": keywords(DRAFT_2019),
  "2020-12": keywords({
    ...KEPT_IN_2020,
    $anchor: matching(/^[A-Za-z_][-A-Za-z0-9._]*$/),
    $dynamicAnchor: matching(/^[A-Za-z_][-A-Za-z0-9._]*$/),
    $dynamicRef: text,
    items: schema,
    prefixItems: schemas,
  }),
};
