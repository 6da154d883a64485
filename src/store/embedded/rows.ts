import type { Document, Entry, Kind, Kinds } from "../../core/entry.ts";
import type { EntryRow } from "./schema.ts";

export const toEntry = <K extends Kind>(row: EntryRow): Entry<K> => ({
  document: JSON.parse(row.document) as Document<K>,
  lease: toLease<K>(row.lease),
  draining: row.draining === 1,
  unreachable: row.unreachable === 1,
});

export const toLease = <K extends Kind>(json: string | null): Kinds[K]["lease"] | null =>
  json === null ? null : (JSON.parse(json) as Kinds[K]["lease"]);
