import type { Ref } from "../../core/entry.ts";
import { invalid, Problem } from "../../core/problem.ts";
import {
  type Binding,
  PRIORITY_NAMES,
  readPriority,
  readStrategy,
  STRATEGIES,
} from "../../core/services/binding.ts";
import type { Override } from "../../core/services/provider-state.ts";
import type { Namespace } from "../namespace.ts";
import { readFleet } from "./fleet.ts";

export interface PriorityInput {
  provider: string;
  /** Which binding is meant, where the provider has several; undefined: any. */
  service: string | undefined;
  handler: string | undefined;
  /** A name in any case, or its number. */
  priority: string | number;
  /** undefined: as it is */
  group: number | undefined;
  /** In any case; undefined: as it is. */
  strategy: string | undefined;
}

/** What held for one binding, and what holds now. */
export interface PriorityChange {
  service: string;
  handler: string;
  before: Override;
  after: Override;
}

/**
 * Sets priority, group and strategy of one binding, for as long as its registration lasts.
 *
 * @returns or the Problem `provider_not_found`, or `invalid_request` for a word that means nothing and for a provider with
 *   several such bindings
 */
export async function setPriority(
  { store, pool }: Namespace,
  input: PriorityInput,
  now: number,
): Promise<PriorityChange | Problem> {
  const ref: Ref = { kind: "agent", id: input.provider };
  const [snapshot] = await store.read([ref], now);
  const entry = snapshot!.entry;
  const offered = entry?.lease ? entry.document.registration.services : [];
  const bindings = offered.filter(
    ({ service, handler }) =>
      (input.service ?? service) === service && (input.handler ?? handler) === handler,
  );
  const [binding] = bindings;
  if (!entry || !binding) {
    return new Problem("provider_not_found", `Service provider '${input.provider}' not found in registry`);
  }
  if (bindings.length > 1) {
    const detail = `'${input.provider}' has ${bindings.length} such bindings: name service_type and handler`;
    return invalid([{ pointer: "/service_type", detail }]);
  }
  const change = readChange(input);
  if (change instanceof Problem) return change;
  const { service, handler } = binding;
  const registration = { provider: input.provider, fence: entry.document.fence };
  const held = await pool(service).override(registration, handler, settingsOf(binding), change, now);
  return { service, handler, ...held };
}

const settingsOf = ({ priority, priority_group, strategy }: Binding): Override => ({
  priority,
  priority_group,
  strategy,
});

function readChange({ priority: word, group, strategy: name }: PriorityInput): Partial<Override> | Problem {
  const priority = readPriority(word);
  if (priority === undefined) return unknownWord("priority", word, PRIORITY_NAMES);
  const change: Partial<Override> = { priority, ...(group !== undefined && { priority_group: group }) };
  if (name === undefined) return change;
  const strategy = readStrategy(name);
  if (strategy) return { ...change, strategy };
  const known = STRATEGIES.map((each) => each.toUpperCase());
  return unknownWord("strategy", name, known);
}

function unknownWord(field: "priority" | "strategy", word: unknown, known: readonly string[]): Problem {
  const plural = field === "priority" ? "priorities" : "strategies";
  const detail = `Invalid ${field} '${String(word)}'. Valid ${plural}: [${known.join(", ")}]`;
  return new Problem("invalid_request", detail, { errors: [{ pointer: `/${field}`, detail }] });
}

/**
 * Closes the breakers of every live provider, or of one service's.
 *
 * @returns how many were closed (a provider has one breaker a service), or the Problem `service_not_found`
 */
export async function resetBreakers(
  namespace: Namespace,
  only: string | undefined,
  now: number,
): Promise<number | Problem> {
  const fleet = await readFleet(namespace, only, now);
  if (only !== undefined && fleet.length === 0) {
    return new Problem("service_not_found", `Invalid service type: ${only}`);
  }
  const counts = await Promise.all(
    [...Map.groupBy(fleet, ({ service }) => service)].map(async ([service, members]) => {
      const offers = new Map(members.map(({ offer }) => [offer.provider, offer]));
      await namespace.pool(service).reset([...offers.values()], now);
      return offers.size;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
