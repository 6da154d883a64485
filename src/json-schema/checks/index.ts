import type { AdmittedKeywords } from "../admitted-keywords.ts";
import type { Place, Reference } from "../document.ts";
import { hidesSiblings, type Draft } from "../draft.ts";
import type { Builder, Check, Evaluating, Evaluator } from "../frame.ts";
import { KEYWORDS } from "../keywords.ts";
import { ARRAY_BUILDERS, ITEM_BUILDERS, unevaluatedItems } from "./arrays.ts";
import { IN_PLACE_BUILDERS } from "./in-place.ts";
import { NUMBER_BUILDERS } from "./numbers.ts";
import { OBJECT_BUILDERS, PROPERTY_BUILDERS, unevaluatedProperties } from "./objects.ts";
import { STRING_BUILDERS } from "./strings.ts";
import { VALUE_BUILDERS } from "./values.ts";

/** The checks of one schema of the document. */
export function checksOf(
  place: Place,
  draft: Draft,
  evaluation: Evaluating,
): Pick<Evaluator, "checks" | "closing"> {
  const references = place.references.map((reference) => follow(reference, evaluation));
  if (hidesSiblings(draft, place.schema)) return { checks: references, closing: [] };
  const known = Object.entries(place.schema).filter(([name]) => KEYWORDS[draft].has(name));
  const schema = Object.fromEntries(known) as AdmittedKeywords;
  const build = (builders: Builder[]) =>
    builders.map((builder) => builder(schema, evaluation, draft)).filter((check) => check !== undefined);
  return { checks: [...references, ...build(BUILDERS)], closing: build(CLOSING) };
}

const follow =
  ({ target, dynamicName }: Reference, evaluation: Evaluating): Check =>
  (value, frame) => {
    let schema = target;
    // The outermost anchor of that name wins, so that a schema can extend one that refers to itself.
    for (let scope = dynamicName === undefined ? undefined : frame.scope; scope; scope = scope.outer) {
      evaluation.spend(1, frame.path);
      schema = scope.resource.dynamicAnchors.get(dynamicName!) ?? schema;
    }
    return evaluation.evaluate(evaluation.of(schema), value, frame);
  };

/** Cheap checks first: when reasons are not collected, the first failure ends the evaluation. */
const BUILDERS: Builder[] = [
  VALUE_BUILDERS,
  NUMBER_BUILDERS,
  STRING_BUILDERS,
  ARRAY_BUILDERS,
  OBJECT_BUILDERS,
  IN_PLACE_BUILDERS,
  PROPERTY_BUILDERS,
  ITEM_BUILDERS,
].flat();
const CLOSING: Builder[] = [unevaluatedItems, unevaluatedProperties];
