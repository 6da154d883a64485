/** A schema, or a part of one, that Ajv does not judge as the specification has it. */
export interface Fault {
  reason: string;
  isIn: (schema: Record<string, unknown>) => boolean;
}

/** The keywords whose schemas Ajv applies in a loop of the code that it generates. */
const LOOPS = [
  "items",
  "additionalItems",
  "unevaluatedItems",
  "contains",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
];

const contains = (schema: unknown): boolean =>
  typeof schema === "object" &&
  schema !== null &&
  ("contains" in schema || Object.values(schema).some(contains));

export const AJV_FAULTS: Fault[] = [
  {
    reason: "It refuses an empty enum, which the specification only advises against (validation 6.1.2).",
    isIn: (schema) => Array.isArray(schema["enum"]) && schema["enum"].length === 0,
  },
  {
    reason:
      "Its meta-schemas refuse equal values in an enum, which the specification only advises against (6.1.2).",
    isIn: (schema) =>
      Array.isArray(schema["enum"]) &&
      new Set(schema["enum"].map((value) => JSON.stringify(value))).size < schema["enum"].length,
  },
  {
    reason: "If an array is shorter than prefixItems, the code that it generates skips contains.",
    isIn: (schema) => Array.isArray(schema["prefixItems"]) && schema["contains"] !== undefined,
  },
  {
    reason: "In a loop, it judges contains of an empty array as that of the array before.",
    isIn: (schema) => LOOPS.some((keyword) => contains(schema[keyword])),
  },
];

/** Errors that its validators throw in drafts 2019-09 and 2020-12, with an example each. */
export const THROWN = [
  {
    reason: "It initialises what anyOf evaluated in one alternative only, and adds to it after another.",
    message: /^TypeError: Cannot set properties of undefined/,
    schema: {
      anyOf: [{ additionalProperties: { type: "null" } }, { pattern: "" }],
      patternProperties: { "": true },
    },
    value: { a: 0 },
  },
  {
    reason: "It declares what is evaluated within a block, and uses it outside.",
    message: /^ReferenceError: (?:props|items)\d+ is not defined/,
    schema: {
      anyOf: [{ not: true, oneOf: [{ additionalProperties: {} }, false] }, { pattern: "" }],
      patternProperties: { "": false },
    },
    value: {},
  },
];

/** Why Ajv's verdict on a schema does not count; undefined if it does. */
export function faultIn(schema: unknown): Fault | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const parts = Object.values(schema).map(faultIn);
  return (
    AJV_FAULTS.find(({ isIn }) => isIn(schema as Record<string, unknown>)) ??
    parts.find((fault) => fault !== undefined)
  );
}
