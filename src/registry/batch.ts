import { invalid, Problem } from "../core/problem.ts";

/**
 * Runs `operation` once, on those items of a batch that are not settled already.
 *
 * @returns one result per item, in the items' order: the item itself if it is settled, or what `operation` gave for it
 */
export async function unlessSettled<Item, Settled, Result>(
  items: readonly (Item | Settled)[],
  isSettled: (item: Item | Settled) => item is Settled,
  operation: (open: Item[]) => Promise<Result[]>,
): Promise<(Settled | Result)[]> {
  const open = items.filter((item): item is Item => !isSettled(item));
  const results = open.length > 0 ? await operation(open) : [];
  let next = 0;
  return items.map((item) => (isSettled(item) ? item : results[next++]!));
}

/** `unlessSettled` where refusals are what is settled. */
export const unlessRefused = <Item, Result>(
  items: readonly (Item | Problem)[],
  operation: (accepted: Item[]) => Promise<(Result | Problem)[]>,
): Promise<(Result | Problem)[]> =>
  unlessSettled<Item, Problem, Result | Problem>(
    items,
    (item): item is Problem => item instanceof Problem,
    operation,
  );

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
