import type { Entry, Kind } from "./entry.ts";
import type { Event } from "./event.ts";

/** What to do with an entry, decided from what was read. Without `write` the entry stays as it is. */
export interface Decision<R, K extends Kind = "agent"> {
  result: R;
  write?: {
    entry: Entry<K> | undefined;
    event?: Event;
    /** The fence of the registration that is ended by this. */
    ended?: string;
  };
}
