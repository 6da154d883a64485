import type { JsonSchema } from "../draft.ts";
import { childOf, every, fail, forArrays, silent, type Builder } from "../frame.ts";
import { isContainer } from "../json-value.ts";

const itemCount: Builder = ({ minItems = 0, maxItems = Infinity }) =>
  minItems === 0 && maxItems === Infinity
    ? undefined
    : forArrays((value, frame) => {
        if (value.length < minItems) return fail(frame, `must have at least ${minItems} items`);
        if (value.length > maxItems) return fail(frame, `must have at most ${maxItems} items`);
        return true;
      });

const uniqueItems: Builder = ({ uniqueItems: wanted }, evaluation) =>
  wanted
    ? forArrays((value, frame) => {
        const scalars = new Set<unknown>();
        const containers = new Set<string>();
        for (const item of value) {
          evaluation.spend(2, frame.path);
          if (isContainer(item)) containers.add(evaluation.canonical(item, frame.path));
          else scalars.add(item);
        }
        return scalars.size + containers.size === value.length || fail(frame, "must not have equal items");
      })
    : undefined;

const items: Builder = (schema, evaluation) => {
  // Before 2020-12, a list of schemas was written in `items`, and the rest in `additionalItems`.
  const isList = Array.isArray(schema.items);
  const leading = isList ? (schema.items as JsonSchema[]) : (schema.prefixItems ?? []);
  const following = isList ? schema.additionalItems : (schema.items as JsonSchema | undefined);
  if (leading.length === 0 && following === undefined) return undefined;
  const prefix = leading.map((given) => evaluation.of(given));
  const rest = following === undefined ? undefined : evaluation.of(following);
  return forArrays((value, frame) => {
    const end = rest === undefined ? Math.min(value.length, prefix.length) : value.length;
    return every(range(0, end), frame, (index) => {
      frame.evaluated?.add(index);
      return evaluation.evaluate(prefix[index] ?? rest!, value[index], childOf(frame, index));
    });
  });
};

function* range(from: number, to: number): Iterable<number> {
  for (let index = from; index < to; index++) yield index;
}

const contains: Builder = (
  { contains: schema, minContains = 1, maxContains = Infinity },
  evaluation,
  draft,
) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forArrays((value, frame) => {
    // Only 2020-12 counts the items that `contains` matched as evaluated.
    const evaluated = draft === "2020-12" ? frame.evaluated : undefined;
    let count = 0;
    for (const [index, item] of value.entries()) {
      if (!evaluation.evaluate(form, item, silent(childOf(frame, index)))) continue;
      count += 1;
      evaluated?.add(index);
      if (!evaluated && (count > maxContains || (count >= minContains && maxContains === Infinity))) break;
    }
    if (count < minContains)
      return fail(frame, `must contain at least ${minContains} items of the form that the schema gives`);
    if (count > maxContains)
      return fail(frame, `must contain at most ${maxContains} items of the form that the schema gives`);
    return true;
  });
};

export const unevaluatedItems: Builder = ({ unevaluatedItems: schema }, evaluation) => {
  if (schema === undefined) return undefined;
  const form = evaluation.of(schema);
  return forArrays((value, frame) =>
    every(range(0, value.length), frame, (index) => {
      if (frame.evaluated?.has(index)) return true;
      frame.evaluated?.add(index);
      return evaluation.evaluate(form, value[index], childOf(frame, index));
    }),
  );
};

export const ARRAY_BUILDERS: Builder[] = [itemCount, uniqueItems];
export const ITEM_BUILDERS: Builder[] = [items, contains];
