import { byId } from "../../core/order.ts";
import type { EventCursor, EventPage, EventRecord, Store } from "../store.ts";

/** A place in one shard's history: after an event, or before the oldest that is kept, whose name it has. */
interface Place extends EventCursor {
  isBefore?: boolean;
}

/**
 * The histories of all shards as one, in the order of their instants. A cursor has a place in each history, so it misses nothing;
 * its revision is how many events have been told up to there. Two readers may find events in another order, and under another
 * revision, where a shard told one late.
 */
export function historyOver(stores: readonly Store[]): Pick<Store, "events" | "latest"> {
  return {
    async events({ since, limit }) {
      const places = since && parse(since, stores.length);
      if (since && !places) return "too_old";
      const pages = await Promise.all(
        stores.map((store, shard) => {
          const place = places?.[shard];
          return store.events({ since: place?.isBefore ? undefined : place, limit });
        }),
      );
      if (!pages.every((page) => page !== "too_old")) return "too_old";
      const starts = pages.map(startOf);
      // What was the oldest event has to be kept: else some that followed it may be gone too.
      if (places?.some((place, shard) => place.isBefore && !isSame(place, starts[shard]!))) return "too_old";

      const at = places ? [...places] : starts;
      const events: EventRecord[] = [];
      const queues = pages.map((page) => page.events.toReversed());
      while (events.length < limit) {
        const first = queues.reduce((best, queue) => (order(queue.at(-1), best.at(-1)) < 0 ? queue : best));
        const event = first.pop();
        if (!event) break;
        at[queues.indexOf(first)] = event;
        events.push({ ...event, ...cursorOf(at) });
      }
      return { events, next: cursorOf(at) };
    },

    async latest(limit, upTo) {
      const places = upTo && parse(upTo, stores.length);
      const found = await Promise.all(stores.map((store, shard) => latestOf(store, limit, places?.[shard])));
      const at = found.map((history) => history.at);
      const events: EventRecord[] = [];
      const queues = found.map((history) => history.events.toReversed());
      while (events.length < limit) {
        const last = queues.reduce((best, queue) =>
          queue.length > 0 && (best.length === 0 || order(queue.at(-1), best.at(-1)) > 0) ? queue : best,
        );
        const event = last.pop();
        if (!event) break;
        events.push({ ...event, ...cursorOf(at) });
        const shard = queues.indexOf(last);
        at[shard] = last.at(-1) ?? found[shard]!.start;
      }
      return events;
    },
  };
}

/** The newest events of one shard, up to a place; where that is, and where the history begins. */
async function latestOf(
  store: Store,
  limit: number,
  place: Place | undefined,
): Promise<{ events: EventRecord[]; at: Place; start: Place }> {
  const upTo = place?.isBefore ? { ...place, revision: place.revision - 1 } : place;
  const [events, oldest] = await Promise.all([
    store.latest(limit, upTo),
    store.events({ since: undefined, limit: 1 }),
  ]);
  if (oldest === "too_old") throw new Error("without a cursor nothing is too old");
  const start = startOf(oldest);
  // Where nothing had been told or kept, nothing can be missing; where something had, it has to be kept still.
  const isBeginning = place !== undefined && (place.isBefore || place.revision === 0);
  return { events, at: events[0] ?? (isBeginning ? place : start), start };
}

/** Where a page from the beginning begins. */
const startOf = ({ events: [first], next }: EventPage): Place =>
  first ? { ...first, isBefore: true } : next;

const isSame = (a: EventCursor, b: EventCursor): boolean => a.revision === b.revision && a.nonce === b.nonce;

/** By instant, then by id; none comes last. */
function order(a: EventRecord | undefined, b: EventRecord | undefined): number {
  if (!a || !b) return Number(!a) - Number(!b);
  return a.at - b.at || byId(a, b);
}

const cursorOf = (places: readonly Place[]): EventCursor => ({
  revision: places.reduce((told, { revision, isBefore }) => told + revision - (isBefore ? 1 : 0), 0),
  nonce: places
    .map(({ revision, nonce, isBefore }) => `${isBefore ? "~" : ""}${revision}-${nonce}`)
    .join("."),
});

/** @returns undefined for what is no cursor of so many shards */
function parse({ revision, nonce }: EventCursor, shards: number): Place[] | undefined {
  const places = nonce.split(".").flatMap((text): Place[] => {
    const [, before, told, own] = /^(~?)(\d{1,15})-(\d{1,19})$/.exec(text) ?? [];
    if (told === undefined || own === undefined) return [];
    return [{ revision: Number(told), nonce: own, ...(before !== "" && { isBefore: true }) }];
  });
  return places.length === shards && cursorOf(places).revision === revision ? places : undefined;
}
