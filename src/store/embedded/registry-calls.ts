import type { Kind, Ref } from "../../core/entry.ts";
import type { BareStore, Change, Draw, Page, PageQuery, SampleQuery, Snapshot } from "../store.ts";
import type { EntryRow } from "./schema.ts";
import type { Overrun } from "./usage.ts";

/**
 * The port as it travels to the object. Entries travel as rows, with their JSON as text: heartbeats wait for the object, and
 * not for the caller, who parses it. A draw that goes on cannot be sent, so each call says what the earlier ones brought.
 */
export interface RegistryCalls extends Omit<
  BareStore,
  "backend" | "stretch" | "read" | "readWithClock" | "presume" | "readHeld" | "commit" | "sample" | "page"
> {
  read(refs: readonly Ref<Kind>[], now: number): Promise<SnapshotRow[]>;
  readWithClock(
    refs: readonly Ref<Kind>[],
    now: number,
  ): Promise<{ snapshots: SnapshotRow[]; clock: number }>;
  readHeld(ref: Ref<Kind>, now: number): Promise<EntryRow | undefined>;
  commit(changes: readonly SentChange[], now: number): Promise<OutcomeRow[]>;
  sample(query: DrawQuery, now: number): Promise<DrawnRows>;
  page(query: PageQuery<Kind>, now: number): Promise<PageOfRows>;
}

/** A `Snapshot`, but for its ref: the caller has that. */
export interface SnapshotRow extends Pick<Snapshot<Kind>, "version" | "ended"> {
  row: EntryRow | undefined;
}

export type OutcomeRow = "committed" | SnapshotRow | { overrun: Overrun };

/** A change as it is sent: the object has what was read. */
export interface SentChange extends Omit<Change<Kind>, "before"> {
  before: Pick<Snapshot<Kind>, "ref" | "version">;
}

export interface DrawQuery extends SampleQuery<Kind> {
  /** ids that are not to be drawn again */
  examined: readonly string[];
}

export interface DrawnRows extends Pick<Draw<Kind>, "total"> {
  rows: EntryRow[];
  /** How many more are to be drawn: the answer was full. */
  left: number;
}

export interface PageOfRows extends Pick<Page<Kind>, "next"> {
  rows: EntryRow[];
  /** How many members were examined for it. */
  examined: number;
}
