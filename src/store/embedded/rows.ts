import type { Document, Entry, Kind, Kinds, Mark, Ref } from "../../core/entry.ts";
import { readMark } from "../mark.ts";
import type { Snapshot } from "../store.ts";
import type { SnapshotRow } from "./registry-calls.ts";
import type { EntryRow } from "./schema.ts";

export const toEntry = <K extends Kind>(row: EntryRow): Entry<K> => ({
  document: JSON.parse(row.document) as Document<K>,
  lease: toLease<K>(row.lease),
  draining: row.draining === 1,
  mark: toMark(row.mark),
});

export const toSnapshot = <K extends Kind>(ref: Ref<K>, { row, ...rest }: SnapshotRow): Snapshot<K> => ({
  ref,
  entry: row && toEntry<K>(row),
  ...rest,
});

export const toLease = <K extends Kind>(json: string | null): Kinds[K]["lease"] | null =>
  json === null ? null : (JSON.parse(json) as Kinds[K]["lease"]);

export const toMark = (text: string | null): Mark | null => (text === null ? null : readMark(text));
