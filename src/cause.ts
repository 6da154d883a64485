import { AsyncLocalStorage } from "node:async_hooks";
import type { Actor } from "./core/event.ts";
import type { SomeLimits } from "./core/limits.ts";

/** Why something is written. */
export interface Cause {
  actor: Actor;
  /** The X-Request-Id of the request that asked for it; undefined: no request did. */
  requestId?: string | undefined;
  /** Of the actor's entries, where they are not those of every key. */
  limits?: SomeLimits | undefined;
}

const REGISTRY: Actor = { type: "registry" };
const causes = new AsyncLocalStorage<Cause>();

/** Does work of which all that is written has this cause. */
export const causedBy = <R>(cause: Cause, work: () => R): R => causes.run(cause, work);

/** Does what the registry finds by itself, whoever asked it to look. */
export const causedByItself = <R>(work: () => R): R =>
  causes.run({ ...currentCause(), actor: REGISTRY }, work);

/** That of the work at hand. */
export const currentCause = (): Cause => causes.getStore() ?? { actor: REGISTRY };
