import type { Store } from "../../store/store.ts";
import { isNamed } from "../named.ts";

/** Whether the catalogue has an agent that offers this service, one that has lapsed and is not yet reaped included. */
export const isOffered = (store: Store, service: string): Promise<boolean> =>
  isNamed(store, `service:${service}`);
