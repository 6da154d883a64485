import { type Cause, told } from "../cause.ts";
import type { Kind } from "../core/entry.ts";
import type { Change, Store } from "../store/store.ts";

/** The store, with every event that is committed saying who caused it, and by which request. */
export function attributed(store: Store, causeOf: () => Cause): Store {
  return {
    ...store,
    commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      const caused = told(causeOf());
      return store.commit(
        changes.map(({ event, ...change }) => ({
          ...change,
          ...(event && { event: { ...event, ...caused } }),
        })),
        now,
      );
    },
  };
}
