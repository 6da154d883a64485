import { AsyncLocalStorage } from "node:async_hooks";
import type { Actor, Event } from "./core/event.ts";
import type { SomeLimits } from "./core/limits.ts";
import { invalid } from "./core/problem.ts";

/** In which a request that changes something says why; its events repeat it. */
export const REASON_HEADER = "X-Rollcall-Reason";
export const REASON_LENGTH_MAX = 200;

/** Why something is written. */
export interface Cause {
  actor: Actor;
  /** The X-Request-Id of the request that asked for it; undefined: no request did. */
  requestId?: string | undefined;
  /** What the request says why it asks. */
  reason?: string | undefined;
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

/** What the events of something say of its cause. */
export const told = ({ actor, requestId, reason }: Cause): Pick<Event, "actor" | "requestId" | "reason"> => ({
  actor,
  ...(requestId !== undefined && { requestId }),
  ...(reason !== undefined && { reason }),
});

/** @throws {Problem} `invalid_request`, with the pointer `/X-Rollcall-Reason` */
export function reasonIn(headers: Headers): string | undefined {
  const reason = headers.get(REASON_HEADER);
  if (reason === null) return undefined;
  if (reason.length <= REASON_LENGTH_MAX && /^[\x20-\x7e]+$/.test(reason)) return reason;
  const detail = `must be 1 to ${REASON_LENGTH_MAX} printable ASCII characters`;
  throw invalid([{ pointer: `/${REASON_HEADER}`, detail }]);
}

/** That of the work at hand. */
export const currentCause = (): Cause => causes.getStore() ?? { actor: REGISTRY };
