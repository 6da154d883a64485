import { useEffect, useState } from "preact/hooks";

/** Addresses of pages, and how one page becomes another without a load. */

const PREFIXES = {
  agent: "/ui/agents/",
  service: "/ui/services/",
  capability: "/ui/capabilities/",
  toolset: "/ui/toolsets/",
} as const;
export type Thing = keyof typeof PREFIXES;

export const hrefOf = (thing: Thing, name: string): string => PREFIXES[thing] + encodeURIComponent(name);

/** A path with the parameters that have a value. */
export function withQuery(path: string, query: Record<string, string | number | undefined | null>): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

/** What a form has, as a query. */
export function fieldsOf(form: HTMLFormElement): Record<string, string> {
  const texts = [...new FormData(form)].filter(
    (field): field is [string, string] => typeof field[1] === "string",
  );
  return Object.fromEntries(texts.map(([name, text]) => [name, text.trim()]));
}

export type Place =
  | { page: "overview" | "agents" | "services" | "capabilities" | "toolsets" | "events" | "keys" | "search" }
  | { page: Thing; name: string }
  | { page: "unknown" };

const LISTS = ["agents", "services", "capabilities", "toolsets", "events", "keys", "search"] as const;

export function placeOf(pathname: string): Place {
  if (pathname === "/") return { page: "overview" };
  const list = LISTS.find((name) => pathname === `/ui/${name}`);
  if (list) return { page: list };
  for (const [thing, prefix] of Object.entries(PREFIXES)) {
    const rest = pathname.slice(prefix.length);
    if (pathname.startsWith(prefix) && rest !== "" && !rest.includes("/"))
      return { page: thing as Thing, name: decoded(rest) };
  }
  return { page: "unknown" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const MOVED = "rollcall-moved";

/** Shows another page. @param replace  so that "back" does not come to the address that is left */
export function go(href: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", href);
  dispatchEvent(new Event(MOVED));
}

/** Follows links to pages of this app without a load. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    if (link.origin !== location.origin || link.target !== "" || link.hash !== "") return;
    if (placeOf(link.pathname).page === "unknown") return;
    event.preventDefault();
    const isElsewhere = link.pathname !== location.pathname;
    go(link.href);
    if (isElsewhere) {
      scrollTo(0, 0);
      // Who reads with a screen reader is told the new page's title and begins at its content.
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  });
}

/** The address that is shown. */
export function useAddress(): URL {
  const [href, setHref] = useState(location.href);
  useEffect(() => {
    const update = () => setHref(location.href);
    for (const name of [MOVED, "popstate"]) addEventListener(name, update);
    return () => {
      for (const name of [MOVED, "popstate"]) removeEventListener(name, update);
    };
  }, []);
  return new URL(href);
}
