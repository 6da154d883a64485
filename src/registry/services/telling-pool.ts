import { type Cause, told } from "../../cause.ts";
import type { Event } from "../../core/event.ts";
import type { Answered, BarePool, Pool } from "../../pool/pool.ts";

/** How often one call tells what came while it told. */
const ROUNDS_MAX = 5;

/**
 * A service's pool, whose changes say who asked for them, and are told in the namespace's history before the call that brought
 * them is answered. What cannot be told is no failure of the call: the pool keeps it for a later one.
 *
 * @param tell  puts events in the history
 */
export function tellingPool(
  pool: BarePool,
  service: string,
  tell: (events: readonly Event[]) => Promise<void>,
  causeOf: () => Cause,
): Pool {
  async function heard<T>(now: number, { value, untold }: Answered<T>): Promise<T> {
    try {
      let left = untold;
      for (let round = 0; left && round < ROUNDS_MAX; round += 1) {
        await tell(left.events.map((event) => ({ ...event, kind: "service", id: service })));
        left = await pool.told(left.upTo, now);
      }
    } catch {
      // It is handed out again in 30 s.
    }
    return value;
  }
  const caused = () => told(causeOf());
  return {
    describe: pool.describe,
    selections: pool.selections,
    resolve: async (request, now) => heard(now, await pool.resolve(caused(), request, now)),
    report: async (reports, now) => heard(now, await pool.report(caused(), reports, now)),
    check: async (results, now) => heard(now, await pool.check(caused(), results, now)),
    reset: async (registrations, now) => heard(now, await pool.reset(caused(), registrations, now)),
    override: async (registration, handler, registered, change, now) =>
      heard(now, await pool.override(caused(), registration, handler, registered, change, now)),
    restore: async (overrides, now) => heard(now, await pool.restore(caused(), overrides, now)),
  };
}
