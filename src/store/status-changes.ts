import { REPORTED_STATUSES } from "../core/agents/agent.ts";
import type { Kind, Kinds, Ref } from "../core/entry.ts";
import type { Event } from "../core/event.ts";

/** The status stands first in what is written of an agent's lease. Toolsets have none. */
const STATUS = /^\{"status":"([a-z]+)"/;

/**
 * The event of a lease that says another status than the one before.
 *
 * @param before  as JSON; null: there was none
 */
export function statusChange(
  { kind, id }: Ref<Kind>,
  before: string | null,
  lease: Kinds[Kind]["lease"],
  now: number,
): Event[] {
  if (before === null || !("status" in lease)) return [];
  const [, status] = STATUS.exec(before) ?? [];
  if (status === lease.status) return [];
  const from = REPORTED_STATUSES.find((known) => known === status);
  const change = { status: lease.status, ...(from && { from }) };
  return [{ type: "status_changed", kind, id, at: now, ...change, actor: { type: "holder" } }];
}

/** How many changes an isolate keeps that it could not tell. */
const UNTOLD_MAX = 1000;

/**
 * Tells changes of status. The leases are written by then: one that cannot be told is kept, the last of each agent, and told with
 * the next that can. It is lost with the isolate; a watcher that reads the list anew finds it all the same.
 */
export class UntoldChanges {
  readonly #tell: (events: readonly Event[]) => Promise<void>;
  readonly #untold = new Map<string, Event>();

  constructor(tell: (events: readonly Event[]) => Promise<void>) {
    this.#tell = tell;
  }

  async tell(events: readonly Event[]): Promise<void> {
    for (const event of events) this.#untold.set(nameOf(event), event);
    const due = [...this.#untold.values()];
    if (due.length === 0) return;
    // Taken out first: other requests tell meanwhile.
    this.#untold.clear();
    try {
      await this.#tell(due);
    } catch {
      for (const event of due.slice(-UNTOLD_MAX))
        if (!this.#untold.has(nameOf(event))) this.#untold.set(nameOf(event), event);
    }
  }
}

const nameOf = ({ kind, id }: Event): string => `${kind}:${id}`;
