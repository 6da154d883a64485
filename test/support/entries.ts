import { type LeaseDefaults, registrationInput } from "../../src/core/agents/agent.ts";
import { SCOPES, type Asker } from "../../src/core/authority.ts";
import type { LiveEntry, Mark } from "../../src/core/entry.ts";
import { orThrow } from "../../src/core/problem.ts";
import { decideRegistration } from "../../src/core/agents/registration.ts";

/** Who everyone is under open access. */
export const ANYONE: Asker = { name: null, scopes: SCOPES, namespace: "default" };
/** What the ledger has of an agent that was told to be unreachable. */
export const UNREACHABLE: Mark = { state: "unreachable" };
export const DEFAULTS: LeaseDefaults = {
  ttlSeconds: 300,
  legacyTtlSeconds: 300,
  heartbeatIntervalSeconds: 30,
};

/** What stands in a store once an agent has registered with `fields` at `now`: decided by the core, kept nowhere. */
export function entryOf(
  fields: Record<string, unknown> & { id: string },
  now: number,
  fence = "fence",
): LiveEntry {
  const request = {
    id: fields.id,
    input: registrationInput.parse({ name: "agent", type: "worker", ...fields }),
    asker: ANYONE,
    region: null,
    defaults: DEFAULTS,
    issued: { fence, epoch: now, succession: "anew" as const },
  };
  return orThrow(decideRegistration(undefined, {}, request, now).result).entry as LiveEntry;
}
