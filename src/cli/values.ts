import type { EffectiveStatus, EventType, Priorities } from "../client/index.ts";
import type { AskedValues } from "./command.ts";

/** What arguments may be, for completion. The compiler holds these lists to the registry's own. */

const keysOf = (words: object): string[] => Object.keys(words);

export const STATUSES = keysOf({
  available: true,
  busy: true,
  degraded: true,
  unhealthy: true,
  maintenance: true,
  draining: true,
  offline: true,
  unreachable: true,
} satisfies Record<EffectiveStatus, true>);

export const EVENT_TYPES = keysOf({
  registered: true,
  replaced: true,
  renewed: true,
  restored: true,
  amended: true,
  unregistered: true,
  drain_requested: true,
  drain_cancelled: true,
  became_unreachable: true,
  recovered: true,
  lapsed: true,
  reaped: true,
  status_changed: true,
  breaker_opened: true,
  breaker_half_opened: true,
  breaker_closed: true,
  breaker_reset: true,
  override_set: true,
  key_created: true,
  key_rotated: true,
  key_revoked: true,
  key_refused: true,
  quota_reached: true,
  service_unusable: true,
  service_usable: true,
  capability_unavailable: true,
  capability_available: true,
  toolset_unhealthy: true,
  toolset_healthy: true,
} satisfies Record<EventType, true>);

const PRIORITY_NUMBERS: Priorities = { CRITICAL: 0, HIGH: 1, NORMAL: 2, LOW: 3, FALLBACK: 9 };
export const PRIORITIES = keysOf(PRIORITY_NUMBERS);
/** The name of a priority; the number itself where it has none. */
export const priorityName = (value: number): string =>
  Object.entries(PRIORITY_NUMBERS).find(([, number]) => number === value)?.[0] ?? String(value);

/** How many agents are looked through for ids. */
const AGENTS_EXAMINED = 1000;
const LIMIT = 200;

export async function agentIds({ client, prefix }: AskedValues): Promise<string[]> {
  const ids: string[] = [];
  let examined = 0;
  for await (const { id } of client.agents.all()) {
    if (id.startsWith(prefix)) ids.push(id);
    examined += 1;
    if (examined === AGENTS_EXAMINED || ids.length === LIMIT) break;
  }
  return ids;
}

export async function agentTypes({ client }: AskedValues): Promise<string[]> {
  return keysOf((await client.stats()).by_type);
}

export async function capabilityNames({ client, prefix }: AskedValues): Promise<string[]> {
  const { capabilities } = await client.capabilities({ prefix, limit: LIMIT });
  return capabilities.map(({ name }) => name);
}

export async function serviceNames({ client }: AskedValues): Promise<string[]> {
  const { global_services, handlers } = await client.services.list();
  return [global_services, ...Object.values(handlers)].flatMap(keysOf);
}

export async function handlerNames({ client }: AskedValues): Promise<string[]> {
  return keysOf((await client.services.list()).handlers);
}

export async function toolsetNames({ client }: AskedValues): Promise<string[]> {
  return (await client.toolsets.list()).toolsets.map(({ name }) => name);
}

/** The tools of the toolset that was named before. */
export async function toolNames({ client, positionals: [toolset] }: AskedValues): Promise<string[]> {
  return (await client.toolsets.get(toolset!)).tools.map(({ name }) => name);
}

export const subscriptionIds = async ({ client }: AskedValues): Promise<string[]> =>
  (await client.subscriptions.list()).subscriptions.map(({ id }) => id);

/** Of the keys that can be rotated and revoked. */
export const keyIds = async ({ client }: AskedValues): Promise<string[]> =>
  (await client.keys.list()).keys.flatMap(({ id }) => id ?? []);
