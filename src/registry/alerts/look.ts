import type { Trouble } from "../../core/alert.ts";
import type { Ref } from "../../core/entry.ts";
import { sum } from "../../core/agents/tally.ts";
import { byCodeUnit } from "../../core/order.ts";
import type { AlertLook, Census } from "../../store/store.ts";
import { firstAgents } from "../agents/survey.ts";
import type { Namespace } from "../namespace.ts";
import { servicesOf } from "../services/fleet.ts";
import { PROVIDERS_MAX, readProviders } from "../services/providers.ts";
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
/** How many of these are whichever come next, so that each has its turn. */
const TURNS = 5;
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
 * agents that were lost since, and some others in turns: at most 20 services and 20 capabilities.
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

interface Found {
  troubles: Trouble[];
  turns: AlertLook["turns"];
}

/** Services and capabilities. */
async function lookAtOffers(namespace: Namespace, swept: Swept, now: number): Promise<Found> {
  const { store } = namespace;
  const named = (kind: Trouble["kind"]) =>
    swept.last?.alerts.flatMap((alert) => (alert.kind === kind ? [alert.id] : [])) ?? [];
  const { census } = swept;
  const agents = census ? sum(Object.values(census.byStatus)) + census.lapsed : await store.count("agent");
  if (agents <= WHOLE_MAX) {
    const { entries, isCut } = await firstAgents(store, ["agent"], now);
    if (!isCut) {
      const ofServices = await Promise.all(
        firstNamed([...named("service"), ...servicesOf(entries)], SERVICES_MAX).map((service) =>
          serviceTroubles(namespace, service, entries, now),
        ),
      );
      const ofCapabilities = capabilitiesWithout(entries, now).toSorted(byCodeUnit).map(unavailable);
      return { troubles: [...ofServices.flat(), ...ofCapabilities], turns: {} };
    }
  }
  const turns = swept.last?.turns ?? {};
  const lost = await documentsOf(namespace, swept.lost.slice(0, LOST_MAX), now);
  const [services, capabilities] = await Promise.all([
    chosen(namespace, "service", [...named("service"), ...servicesOf(lost)], turns.service),
    chosen(
      namespace,
      "capability",
      [
        ...named("capability"),
        ...lost.flatMap(({ document }) => document.registration.capabilities.map(({ name }) => name)),
      ],
      turns.capability,
    ),
  ]);
  const [ofServices, ofCapabilities] = await Promise.all([
    Promise.all(
      services.names.map(async (service) => {
        const { entries, next } = await readProviders(store, service, now);
        // Of more than can be read nobody knows whether none is usable.
        return next === null || entries.length < PROVIDERS_MAX
          ? serviceTroubles(namespace, service, entries, now)
          : [];
      }),
    ),
    Promise.all(
      capabilities.names.map(async (name) =>
        (await isUnavailable(store, name, now)) ? [unavailable(name)] : [],
      ),
    ),
  ]);
  return {
    troubles: [...ofServices.flat(), ...ofCapabilities.flat()],
    turns: { service: services.next, capability: capabilities.next },
  };
}

async function documentsOf({ store }: Namespace, ids: readonly string[], now: number) {
  if (ids.length === 0) return [];
  const snapshots = await store.read(
    ids.map((id): Ref => ({ kind: "agent", id })),
    now,
  );
  return snapshots.flatMap(({ entry }) => (entry ? [entry] : []));
}

/** Which names of a group are looked at: the first of `wanted`, and whose turn it is. */
async function chosen(
  { store }: Namespace,
  group: "service" | "capability",
  wanted: readonly string[],
  after = "",
): Promise<{ names: string[]; next: string }> {
  const prefix = `${group}:`;
  const { terms, next } = await store.terms({ prefix, after: after && prefix + after, limit: TURNS });
  const inTurn = terms.map(({ term }) => term.slice(prefix.length));
  const first = firstNamed(wanted, LOOKED_AT_MAX - TURNS);
  return { names: [...new Set([...first, ...inTurn])], next: next?.slice(prefix.length) ?? "" };
}

const firstNamed = (names: readonly string[], most: number): string[] => [...new Set(names)].slice(0, most);
