import { termCounts } from "../../support/audit.ts";
import { expect } from "vitest";
import type { Entry, Kind, Ref } from "../../../src/core/entry.ts";
import type { Event } from "../../../src/core/event.ts";
import { change } from "../../../src/store/change.ts";
import {
  type Draw,
  EVENTS_MAX,
  type EventRecord,
  type Page,
  type SampleQuery,
  type Snapshot,
  type Store,
} from "../../../src/store/store.ts";

export interface Opened {
  store: Store;
  /** Lets every lease lapse that is due before `to`. */
  advance: (to: number) => Promise<void>;
}

/** Gives a store of its own, in which nothing is yet. */
export type Open = () => Opened;

export const opened = (
  backend: Pick<Opened, "advance"> & { open: (namespace: string) => Store },
): Opened => ({ store: backend.open("default"), advance: backend.advance });

/** When every test begins. Far from the real clock, by which the adapters must not go. */
export const T0 = Date.UTC(2026, 0, 1);

export const ref = (id: string): Ref => ({ kind: "agent", id });
export const idOf = ({ document }: Entry): string => document.registration.id;
export const idsOf = (entries: readonly Entry[]): string[] => entries.map(idOf);

/** Brings entries in as they are, whatever was there before. */
export async function put(store: Store, now: number, ...entries: Entry[]): Promise<void> {
  const snapshots = await store.read(
    entries.map((entry) => ref(idOf(entry))),
    now,
  );
  await change(store, snapshots, (_, i) => ({ result: undefined, write: { entry: entries[i] } }), now);
}

export async function remove(store: Store, now: number, ...ids: string[]): Promise<void> {
  const snapshots = await store.read(ids.map(ref), now);
  await change(store, snapshots, () => ({ result: undefined, write: { entry: undefined } }), now);
}

export async function snapshotOf(store: Store, id: string, now: number): Promise<Snapshot> {
  const [snapshot] = await store.read([ref(id)], now);
  return snapshot!;
}

export const entryAt = async (store: Store, id: string, now: number): Promise<Entry | undefined> =>
  (await snapshotOf(store, id, now)).entry;

export const eventOf = (id: string, at: number = T0): Event => ({ type: "renewed", kind: "agent", id, at });

/** Every event that is kept, without what is random about it. */
export async function historyOf(store: Store): Promise<Omit<EventRecord, "nonce">[]> {
  const page = await store.events({ since: undefined, limit: EVENTS_MAX });
  if (page === "too_old") throw new Error("without a cursor nothing is too old");
  return page.events.map(({ nonce: _, ...event }) => event);
}

/** A draw, whole: what one trip left unread is read by another, which may leave nothing. */
export async function whole<K extends Kind>(draw: Draw<K>): Promise<Draw<K>> {
  if (draw.unread === 0) return draw;
  const rest = await draw.more(0);
  expect(rest.unread).toBe(0);
  return { ...rest, entries: [...draw.entries, ...rest.entries], total: draw.total };
}

export const draw = async <K extends Kind>(
  store: Store,
  query: SampleQuery<K>,
  now: number,
): Promise<Draw<K>> => whole(await store.sample(query, now));

/** Everything under `terms`, `limit` at a time. Stops with an error where the pages never end. */
export async function pageThrough(
  store: Store,
  terms: readonly string[],
  limit: number,
  now: number,
  between: () => Promise<unknown> = async () => {},
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let after: string | null = "";
  for (let pages = 0; after !== null; pages += 1) {
    if (pages > 1000) throw new Error(`still paging after ${after}`);
    const page: Page = await store.page({ kind: "agent", terms, after, limit }, now);
    entries.push(...page.entries);
    after = page.next;
    await between();
  }
  return entries;
}

/** What can be seen of a store: two that differ in anything a reader would notice differ in this. */
export async function everythingIn(store: Store, ids: readonly string[], now: number) {
  const snapshots = await store.read(ids.map(ref), now);
  const terms = await termCounts(store);
  const members: Record<string, string[]> = {};
  for (const term of terms.keys()) members[term] = idsOf(await pageThrough(store, [term], 1000, now));
  const events = await historyOf(store);
  return { entries: snapshots.map(({ entry }) => entry), terms, members, events };
}
