import { invalid, Problem } from "../core/problem.ts";

/**
 * Runs `operation` once, on those items of a batch that are no refusals already.
 *
 * @returns one result per item, in the items' order: the item's own refusal, or what `operation` gave for it
 */
export async function unlessRefused<Item, Result>(
  items: readonly (Item | Problem)[],
  operation: (accepted: Item[]) => Promise<(Result | Problem)[]>,
): Promise<(Result | Problem)[]> {
  const accepted = items.filter((item): item is Item => !(item instanceof Problem));
  const results = accepted.length > 0 ? await operation(accepted) : [];
  let next = 0;
  return items.map((item) => (item instanceof Problem ? item : results[next++]!));
}

/**
 * Refuses items whose id an earlier item of the batch has: the two changes would compete, and which of them stays would be
 * chance.
 *
 * @param idOf  undefined: the item has no id, and repeats none
 * @returns per item, itself or the Problem `invalid_request`
 */
export function refuseRepeats<Item>(
  items: readonly Item[],
  idOf: (item: Item) => string | undefined,
): (Item | Problem)[] {
  const first = new Map<string, number>();
  return items.map((item, index) => {
    const id = idOf(item);
    if (id === undefined) return item;
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return item;
    }
    return invalid([{ pointer: "/id", detail: `item ${earlier} of this batch has the same id` }]);
  });
}
