import type { Redis } from "ioredis";
import { registrationInput } from "../../src/core/agents/agent.ts";
import { Problem } from "../../src/core/problem.ts";
import { decideRegistration } from "../../src/core/agents/registration.ts";
import { leaseTokenOf } from "../../src/registry/lease-token.ts";
import { keysOf } from "../../src/store/redis/keys.ts";
import { Plan, planChange } from "../../src/store/redis/plan.ts";
import { EPOCH, type Fleet, registrationOf, secretOf, TERMS } from "./agents.ts";

export const PREFIX = "rollcall";
const BATCH = 1000;

/**
 * Registers a whole fleet over TCP, which is faster than over HTTP. Rollcall's own rules and its own plan of writes make the
 * same keys; only the events are left out.
 */
export async function populateRedis(
  redis: Redis,
  fleet: Fleet,
  registration: typeof registrationOf = registrationOf,
): Promise<void> {
  for (let start = 0; start < fleet.size; start += BATCH) {
    const pipeline = redis.pipeline();
    for (let index = start; index < Math.min(start + BATCH, fleet.size); index += 1) {
      for (const [command, key, ...args] of await writesOf(fleet, index, registration)) {
        pipeline.call(command!, key!, ...args);
      }
    }
    for (const [error] of (await pipeline.exec())!) if (error) throw error;
  }
}

async function writesOf(
  fleet: Fleet,
  index: number,
  registration: typeof registrationOf,
): Promise<string[][]> {
  const now = Date.now();
  const input = registrationInput.parse(registration(index));
  const { result, write } = decideRegistration(
    undefined,
    {},
    {
      id: input.id!,
      input,
      asker: { name: "bench", scopes: ["admin"], namespace: fleet.namespace },
      region: { colo: "FRA", country: "DE", continent: "EU", latitude: "50.11", longitude: "8.68" },
      defaults: {
        ttlSeconds: TERMS.ttlSeconds,
        legacyTtlSeconds: TERMS.ttlSeconds,
        heartbeatIntervalSeconds: TERMS.intervalSeconds,
      },
      issued: { ...(await leaseTokenOf(TERMS, EPOCH, secretOf(fleet, index))), succession: "anew" },
    },
    now,
  );
  if (result instanceof Problem) throw result;
  const plan = new Plan(0);
  const ref = { kind: "agent" as const, id: input.id! };
  planChange(plan, keysOf(PREFIX, fleet.namespace), ref, undefined, write!.entry, undefined, now);
  return plan.steps.map(([command, position, ...args]) => {
    const key = plan.keys[Number(position) - 1];
    // The script's own command; counts of what is brought in like this are left out, like the events.
    if (command === "NAME") return ["ZADD", key!, ...args.flatMap((term) => ["0", String(term)])];
    return [command, key, ...args].map(String);
  });
}
