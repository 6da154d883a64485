import { type Cause, told } from "../cause.ts";
import type { Kind } from "../core/entry.ts";
import type { Event } from "../core/event.ts";
import type { Change, Store } from "../store/store.ts";

/** The store, with every event saying who caused it, and by which request, unless it says so already. */
export function attributed(store: Store, causeOf: () => Cause): Store {
  const caused = (event: Event): Event => (event.actor ? event : { ...event, ...told(causeOf()) });
  return {
    ...store,
    commit<K extends Kind>(changes: readonly Change<K>[], now: number) {
      return store.commit(
        changes.map(({ event, ...change }) => ({ ...change, ...(event && { event: caused(event) }) })),
        now,
      );
    },
    tell: (events) => store.tell(events.map(caused)),
    changeKeyring: (version, change, event) => store.changeKeyring(version, change, event && caused(event)),
  };
}
