import type { JsonSchema } from "./draft.ts";

/** The keywords that decide whether a value is valid, with the types that admission has checked. */
export interface AdmittedKeywords {
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
