import type { Kind } from "../../core/entry.ts";
import type { Draw, SampleQuery, Store } from "../store.ts";

/**
 * The port as it travels to the object: a draw that goes on cannot be sent, so each call says what the earlier ones
 * brought.
 */
export interface RegistryCalls extends Omit<Store, "backend" | "sample"> {
  sample<K extends Kind>(query: DrawQuery<K>, now: number): Promise<Drawn<K>>;
}

export interface DrawQuery<K extends Kind = "agent"> extends SampleQuery<K> {
  /** ids that are not to be drawn again */
  examined: readonly string[];
}

export type Drawn<K extends Kind = "agent"> = Pick<Draw<K>, "entries" | "total">;
