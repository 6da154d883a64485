import type { Trouble } from "../../core/alert.ts";
import type { Ref } from "../../core/entry.ts";
import { sum } from "../../core/agents/tally.ts";
import { byCodeUnit } from "../../core/order.ts";
import type { AlertLook, Census, Store } from "../../store/store.ts";
import { firstAgents } from "../agents/survey.ts";
import type { Namespace } from "../namespace.ts";
import { servicesOf } from "../services/fleet.ts";
import { readProviders } from "../services/providers.ts";
import { agentTroubles } from "./agents.ts";
import { capabilitiesWithout, isUnavailable, unavailable } from "./capabilities.ts";
import { quotaTroubles } from "./quota.ts";
import { serviceTroubles } from "./services.ts";
import { toolsetTroubles } from "./toolsets.ts";

/** Up to so many agents are all read, whenever something has changed. */
const WHOLE_MAX = 1000;
/** Of so many of their services the pools are asked, those first that were wrong. */
const SERVICES_MAX = 50;
/** Of more agents: how many services are looked at in a run, and how many capabilities; each is a round trip or two. */
const LOOKED_AT_MAX = 20;
/** How many of these are whichever come next by name, so that each has its turn. */
const TURNS = 5;
/** Between two sweeps, ms. */
const RUN_MS = 60_000;
/** Of how many agents that were lost the capabilities are looked at first. */
const LOST_MAX = 100;

/** What a sweep knows already. */
export interface Swept {
  /** The look before; undefined: there was none. */
  last: AlertLook | undefined;
  /** The last complete count; null: none yet. */
  census: Census | null;
  /** Ids of the agents that it found unreachable or lapsed. */
  lost: readonly string[];
  /** Health checks were made, which bar providers without any event. */
  isChecked: boolean;
}

export interface Looked {
  troubles: Trouble[];
  /** Tool calls that are not settled. */
  calls: number;
  next: Pick<AlertLook, "marker" | "turns">;
}

/**
 * Looks for whatever is wrong in a namespace. Services and capabilities are looked at only if something was told since the last
 * look, or if one of them was wrong then. Up to 1,000 agents they all are; of more, those that were wrong, those of the
 * agents that were lost since, and some others in turns: at most 20 services and 20 capabilities. What was wrong and is not
 * looked at is taken to be wrong still.
 *
 * @throws {Problem} `store_unavailable`
 */
export async function lookForTrouble(namespace: Namespace, swept: Swept, now: number): Promise<Looked> {
  const { last, census } = swept;
  const [marker, { troubles: ofToolsets, calls }] = await Promise.all([
    namespace.store.marker(),
    toolsetTroubles(namespace, now),
  ]);
  const before = last?.alerts.filter(({ kind }) => kind === "service" || kind === "capability") ?? [];
  const isSame = last?.marker === marker && before.length === 0 && !swept.isChecked;
  const [found, ofQuota] = isSame
    ? [{ troubles: [], turns: last.turns }, last.alerts.filter(({ code }) => code === "quota_near")]
    : await Promise.all([lookAtOffers(namespace, swept, now), quotaTroubles(namespace)]);
  return {
    troubles: [...(census ? agentTroubles(census) : []), ...found.troubles, ...ofToolsets, ...ofQuota],
    calls,
    next: { marker, turns: found.turns },
  };
}

/** What was found of services and capabilities, and which were looked at. */
interface Seen {
  troubles: Trouble[];
  services: readonly string[];
  /** undefined: all there are */
  capabilities: readonly string[] | undefined;
  turns: AlertLook["turns"];
}

async function lookAtOffers(
  namespace: Namespace,
  swept: Swept,
  now: number,
): Promise<Pick<Seen, "troubles" | "turns">> {
  const { last, census } = swept;
  const before = last?.alerts ?? [];
  const seen = (await lookAtAll(namespace, before, census, now)) ?? (await lookAtSome(namespace, swept, now));
  const { troubles, services, capabilities, turns } = seen;
  const isUnseen = ({ kind, id }: Trouble) =>
    (kind === "service" && !services.includes(id)) ||
    (kind === "capability" && capabilities?.includes(id) === false);
  return { troubles: [...troubles, ...before.filter(isUnseen)], turns };
}

/** @returns undefined where there are too many agents to read */
async function lookAtAll(
  namespace: Namespace,
  before: readonly Trouble[],
  census: Census | null,
  now: number,
): Promise<Seen | undefined> {
  const { store } = namespace;
  const agents = census ? sum(Object.values(census.byStatus)) + census.lapsed : await store.count("agent");
  if (agents > WHOLE_MAX) return undefined;
  const { entries, isCut } = await firstAgents(store, ["agent"], now);
  if (isCut) return undefined;
  const services = inTurns(before, "service", servicesOf(entries), SERVICES_MAX, now);
  const ofServices = await Promise.all(
    services.map((service) => serviceTroubles(namespace, service, entries, now)),
  );
  const ofCapabilities = capabilitiesWithout(entries, now).toSorted(byCodeUnit).map(unavailable);
  return {
    troubles: [...ofServices.flat(), ...ofCapabilities],
    services,
    capabilities: undefined,
    turns: {},
  };
}

async function lookAtSome(namespace: Namespace, { last, lost }: Swept, now: number): Promise<Seen> {
  const { store } = namespace;
  const { alerts: before = [], turns = {} } = last ?? {};
  const lostAgents = await documentsOf(namespace, lost.slice(0, LOST_MAX), now);
  const lostCapabilities = lostAgents.flatMap(({ document }) => document.registration.capabilities);
  const names = lostCapabilities.map(({ name }) => name);
  const most = LOOKED_AT_MAX - TURNS;
  const [nextServices, nextCapabilities] = await Promise.all([
    namesAfter(store, "service", turns.service),
    namesAfter(store, "capability", turns.capability),
  ]);
  const services = inTurns(before, "service", servicesOf(lostAgents), most, now).concat(nextServices.names);
  const capabilities = inTurns(before, "capability", names, most, now).concat(nextCapabilities.names);
  const [ofServices, ofCapabilities] = await Promise.all([
    Promise.all(
      [...new Set(services)].map(async (service) => {
        const { entries, next } = await readProviders(store, service, now);
        // Of more than can be read nobody knows whether none is usable.
        return next === null ? serviceTroubles(namespace, service, entries, now) : [];
      }),
    ),
    Promise.all(
      [...new Set(capabilities)].map(async (name) =>
        (await isUnavailable(store, name, now)) ? [unavailable(name)] : [],
      ),
    ),
  ]);
  return {
    troubles: [...ofServices.flat(), ...ofCapabilities.flat()],
    services,
    capabilities,
    turns: { service: nextServices.last, capability: nextCapabilities.last },
  };
}

/**
 * So many names at most: those that something is wrong with, then `others`. Of very many that are wrong each run begins with
 * another.
 */
function inTurns(
  before: readonly Trouble[],
  kind: Trouble["kind"],
  others: readonly string[],
  most: number,
  now: number,
): string[] {
  const wrong = before.flatMap((trouble) => (trouble.kind === kind ? [trouble.id] : []));
  const first = wrong.length > most ? Math.floor(now / RUN_MS) % wrong.length : 0;
  const names = [...wrong.slice(first), ...wrong.slice(0, first), ...others];
  return [...new Set(names)].slice(0, most);
}

async function documentsOf({ store }: Namespace, ids: readonly string[], now: number) {
  if (ids.length === 0) return [];
  const snapshots = await store.read(
    ids.map((id): Ref => ({ kind: "agent", id })),
    now,
  );
  return snapshots.flatMap(({ entry }) => (entry ? [entry] : []));
}

/** The next few names of a group after one; after the last, "" begins anew. */
async function namesAfter(
  store: Store,
  group: "service" | "capability",
  after = "",
): Promise<{ names: string[]; last: string }> {
  const prefix = `${group}:`;
  const { terms, next } = await store.terms({ prefix, after: after && prefix + after, limit: TURNS });
  return {
    names: terms.map(({ term }) => term.slice(prefix.length)),
    last: next?.slice(prefix.length) ?? "",
  };
}
