import { ask, Refusal } from "./api.ts";
import type { Look, Tabs } from "./looks.ts";

/**
 * What was read of the registry, by path. A view is read anew when the marker has moved since, and when it is a minute old:
 * what time alone changes, and what heartbeats report, is told by nobody. What cannot be read anew stays, marked as old.
 */

/** How old a view becomes while nothing is told, ms: the sweep runs as often. */
export const AGE_MAX_MS = 60_000;
/** How long another tab has to bring what it has. */
const HEARSAY_MS = 60;

export interface View<T> {
  /** undefined: nothing was read yet */
  readonly body: T | undefined;
  /** When it was read, ms since the Unix epoch by this machine's clock. */
  readonly readAt: number;
  /** Why it could not be read, or not anew: then `body` is old. */
  readonly refusal: Refusal | undefined;
}

export const NOTHING: View<never> = { body: undefined, readAt: 0, refusal: undefined };

interface Kept {
  view: View<unknown>;
  /** As it was when the view was asked for. */
  marker: string | undefined;
  reading: Promise<void> | undefined;
  /** How old it may become, ms. */
  ageMaxMs: number;
  /** Whether it is read anew when something is told. */
  isTold: boolean;
  /** When there may be more, though no marker says so; ms since the Unix epoch by this machine's clock. */
  dueAt: number;
  watchers: Set<() => void>;
}

/** How many views without a watcher are kept, for the way back. */
const KEPT_MAX = 40;

export class Views {
  readonly #tabs: Tabs;
  readonly #isLeading: () => boolean;
  readonly #kept = new Map<string, Kept>();
  /** undefined before the first look. */
  #look: Look | undefined;

  constructor(tabs: Tabs, isLeading: () => boolean) {
    this.#tabs = tabs;
    this.#isLeading = isLeading;
    tabs.hear((said) => {
      if (said.type === "view") this.#hear(said);
      if (said.type === "want") {
        const kept = this.#kept.get(said.path);
        if (kept?.view.body !== undefined && kept.marker === said.marker && !kept.view.refusal)
          this.#share(said.path, kept);
      }
    });
  }

  get<T>(path: string): View<T> {
    return (this.#kept.get(path)?.view ?? NOTHING) as View<T>;
  }

  /**
   * Reads `path` now and whenever it is due, until the returned function is called.
   *
   * @param ageMaxMs  of what is dear to read and changes slowly: read anew when it is so old, whatever is told
   */
  watch(path: string, watcher: () => void, ageMaxMs?: number): () => void {
    const kept = this.#keptAt(path);
    kept.ageMaxMs = ageMaxMs ?? AGE_MAX_MS;
    kept.isTold = ageMaxMs === undefined;
    kept.watchers.add(watcher);
    this.#readIfDue(path, kept);
    return () => {
      kept.watchers.delete(watcher);
      this.#dropSome();
    };
  }

  /** Reads `path` anew at this instant, if it is shown then. */
  expect(path: string, dueAt: number): void {
    this.#keptAt(path).dueAt = dueAt;
  }

  /** Takes note of a look: reads what is due. */
  seen(look: Look): void {
    this.#look = look;
    for (const [path, kept] of this.#kept) if (kept.watchers.size > 0) this.#readIfDue(path, kept);
  }

  /** Reads everything anew that is shown: something was done. */
  async readAll(): Promise<void> {
    const shown = [...this.#kept].filter(([, { watchers }]) => watchers.size > 0);
    await Promise.all(
      shown.map(async ([path, kept]) => {
        await kept.reading;
        await this.#read(path, kept, true);
      }),
    );
  }

  #keptAt(path: string): Kept {
    const known = this.#kept.get(path);
    if (known) return known;
    const kept: Kept = {
      view: NOTHING,
      marker: undefined,
      reading: undefined,
      ageMaxMs: AGE_MAX_MS,
      isTold: true,
      dueAt: Number.POSITIVE_INFINITY,
      watchers: new Set(),
    };
    this.#kept.set(path, kept);
    return kept;
  }

  #readIfDue(path: string, kept: Kept): void {
    // Without the marker it could not be said later whether the view is outdated; it comes within a moment.
    if (!this.#look || kept.reading) return;
    const { marker, refusal } = this.#look;
    const { body, refusal: refused } = kept.view;
    if (refusal && body !== undefined) return;
    // A refusal such as 404 stays until something is told.
    const isKnown = body !== undefined || (refused !== undefined && !refused.isTrouble);
    const isTrouble = refused?.isTrouble ?? false;
    if (isKnown && !isTrouble && this.#isCurrent(kept, marker)) return;
    void this.#read(path, kept, false);
  }

  async #read(path: string, kept: Kept, isForced: boolean): Promise<void> {
    const marker = this.#look?.marker;
    const reading = this.#tabs.exclusively(`view-${path}`, async () => {
      if (!isForced && (await this.#isHeard(path, kept, marker))) return;
      await this.#fetch(path, kept, marker);
      if (kept.view.refusal || this.#tabs.isAlone) return;
      this.#share(path, kept);
      // So long it takes until the others have it; then the next one that waits for the lock need not read.
      await new Promise((resolve) => setTimeout(resolve, HEARSAY_MS));
    });
    kept.reading = reading;
    await reading;
    kept.reading = undefined;
  }

  #isCurrent(
    { view: { readAt }, dueAt, ageMaxMs, isTold, ...kept }: Kept,
    marker: string | undefined,
  ): boolean {
    return (!isTold || kept.marker === marker) && Date.now() < Math.min(readAt + ageMaxMs, dueAt);
  }

  async #isHeard(path: string, kept: Kept, marker: string | undefined): Promise<boolean> {
    const isCurrent = () =>
      kept.view.body !== undefined && !kept.view.refusal && this.#isCurrent(kept, marker);
    if (isCurrent()) return true;
    if (marker === undefined || this.#tabs.isAlone || this.#isLeading()) return false;
    this.#tabs.say({ type: "want", path, marker });
    await new Promise((resolve) => setTimeout(resolve, HEARSAY_MS));
    return isCurrent();
  }

  async #fetch(path: string, kept: Kept, marker: string | undefined): Promise<void> {
    const readAt = Date.now();
    try {
      this.#put(kept, { body: await ask("GET", path), readAt, refusal: undefined }, marker);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // What is gone is not shown as if it were old.
      const { body, readAt: before } = error.isTrouble ? kept.view : { body: undefined, readAt };
      this.#put(kept, { body, readAt: before, refusal: error }, marker);
    }
  }

  #share(path: string, { view: { body, readAt }, marker }: Kept): void {
    this.#tabs.say({ type: "view", path, marker, readAt, body });
  }

  #hear({
    path,
    marker,
    readAt,
    body,
  }: {
    path: string;
    marker: string | undefined;
    readAt: number;
    body: unknown;
  }): void {
    const kept = this.#kept.get(path);
    if (kept && readAt > kept.view.readAt) this.#put(kept, { body, readAt, refusal: undefined }, marker);
  }

  #put(kept: Kept, view: View<unknown>, marker: string | undefined): void {
    kept.view = view;
    kept.marker = marker;
    for (const watcher of kept.watchers) watcher();
  }

  #dropSome(): void {
    const idle = [...this.#kept].filter(([, { watchers }]) => watchers.size === 0);
    for (const [path] of idle.slice(0, Math.max(0, idle.length - KEPT_MAX))) this.#kept.delete(path);
  }
}
