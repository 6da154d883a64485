import { OF_ARRAYS, OF_ITEMS, unevaluatedItems } from "./arrays.ts";
import { hidesSiblings, type Place, type Reference } from "../document.ts";
import type { Evaluation, Evaluator } from "../evaluation.ts";
import type { Check } from "../frame.ts";
import { IN_PLACE } from "./in-place.ts";
import { KEYWORDS, type Draft, type JsonSchema } from "../keywords.ts";
import { OF_OBJECTS, OF_PROPERTIES, unevaluatedProperties } from "./objects.ts";
import { OF_SCALARS } from "./scalars.ts";

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

/** Makes a check of a schema's keywords; undefined where it does not have them. */
export type Builder = (schema: Admitted, evaluation: Evaluation, draft: Draft) => Check | undefined;

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

/** The cheap ones first: where nobody reads the reasons, the first failure ends it. */
const BUILDERS: Builder[] = [OF_SCALARS, OF_ARRAYS, OF_OBJECTS, IN_PLACE, OF_PROPERTIES, OF_ITEMS].flat();
const CLOSING: Builder[] = [unevaluatedItems, unevaluatedProperties];
