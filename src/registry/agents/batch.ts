import { type Problem, invalid } from "../../core/problem.ts";

/**
 * Refuses an id that a batch has already had. Two changes of one entry in one batch would be each other's rivals, and which
 * of them should hold nobody could say.
 */
export function refuseRepeats(ids: readonly (string | undefined)[]): (Problem | undefined)[] {
  const first = new Map<string, number>();
  return ids.map((id, index) => {
    if (id === undefined) return undefined;
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return undefined;
    }
    return invalid([{ pointer: "/id", detail: `item ${earlier} of this batch has the same id` }]);
  });
}
