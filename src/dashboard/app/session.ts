import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { WhoAmI } from "../../client/shapes.ts";
import { type Look, Looks, Tabs } from "./looks.ts";
import { audience } from "./key.ts";
import { type View, NOTHING, Views } from "./views.ts";

/** What one key sees: who it is, what was read with it, and whether the registry answers. */
export class Session {
  readonly who: WhoAmI;
  readonly views: Views;
  readonly #tabs: Tabs;
  readonly #looks: Looks;
  readonly #watchers = new Set<() => void>();
  look: Look | undefined;
  isPaused = false;

  static async open(who: WhoAmI): Promise<Session> {
    return new Session(who, new Tabs(await audience()));
  }

  private constructor(who: WhoAmI, tabs: Tabs) {
    this.who = who;
    this.#tabs = tabs;
    this.#looks = new Looks(tabs, (look) => {
      this.look = look;
      this.views.seen(look);
      this.#tell();
    });
    this.views = new Views(tabs, () => this.#looks.isLeading);
    this.#looks.start();
  }

  /** Whether the key has a scope: admin implies the others. */
  may(scope: "read" | "write" | "admin"): boolean {
    return this.who.scopes.includes(scope) || this.who.scopes.includes("admin");
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.#looks.pause(isPaused);
    this.#tell();
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  close(): void {
    this.#looks.stop();
    this.#tabs.close();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("there is no session here");
  return session;
}

/**
 * @param path  null: nothing is read
 * @param ageMaxMs  as `Views.watch` has it
 */
export function useView<T>(path: string | null, ageMaxMs?: number): View<T> {
  const { views } = useSession();
  const [, redraw] = useState({});
  useEffect(() => {
    if (path === null) return undefined;
    redraw({});
    return views.watch(path, () => redraw({}), ageMaxMs);
  }, [views, path, ageMaxMs]);
  return path === null ? NOTHING : views.get<T>(path);
}

/** The last look, and whether there is none because the reader has paused. */
export function useLook(): { look: Look | undefined; isPaused: boolean } {
  const session = useSession();
  const [, redraw] = useState({});
  useEffect(() => session.watch(() => redraw({})), [session]);
  return { look: session.look, isPaused: session.isPaused };
}

const tickers = new Set<() => void>();
setInterval(() => {
  for (const tick of tickers) tick();
}, 1000);

/** The registry's clock, ms since the Unix epoch; draws anew every second. */
export function useNow(): number {
  const session = useSession();
  const [, redraw] = useState({});
  useEffect(() => {
    const tick = () => session.isPaused || redraw({});
    tickers.add(tick);
    return () => {
      tickers.delete(tick);
    };
  }, [session]);
  return Date.now() + (session.look?.skewMs ?? 0);
}
