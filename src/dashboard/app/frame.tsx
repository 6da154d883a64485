import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { TroubleLink } from "../parts/alerts.tsx";
import { go, type Place, withQuery } from "./address.ts";
import { cleanKey, forgetKey, keyOf, keepKey } from "./key.ts";
import { useLook, useSession } from "./session.ts";

/** What stands around every page. */

const PAGES = [
  ["/", "Overview", "overview"],
  ["/ui/agents", "Agents", "agent"],
  ["/ui/services", "Services", "service"],
  ["/ui/capabilities", "Capabilities", "capabilit"],
  ["/ui/toolsets", "Toolsets", "toolset"],
  ["/ui/events", "Events", "events"],
  ["/ui/keys", "Keys", "keys"],
] as const;

export function Frame({
  place,
  url,
  children,
}: {
  place: Place;
  url: URL;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <a class="brand" href="/">
          Rollcall
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([href, name, begins]) => (
            <a key={href} href={href} aria-current={place.page.startsWith(begins) ? "page" : undefined}>
              {name}
            </a>
          ))}
          <a href="/docs">API</a>
        </nav>
        <SearchField url={url} />
        <Controls isOverview={place.page === "overview"} />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function SearchField({ url }: { url: URL }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const isSearch = url.pathname === "/ui/search";
  const q = isSearch ? (url.searchParams.get("q") ?? "") : "";
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const { target } = event;
      const isTyping =
        target instanceof HTMLElement &&
        (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
      if (
        event.key !== "/" ||
        isTyping ||
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        document.querySelector("dialog[open]")
      )
        return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);
  useEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = q;
  }, [q]);
  return (
    <form
      role="search"
      aria-label="Registry"
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        go(withQuery("/ui/search", { q: field.current?.value.trim() }), isSearch);
      }}
    >
      <input
        ref={field}
        type="search"
        aria-label="Search by id or name"
        placeholder="Search by id or name   /"
        maxLength={256}
        defaultValue={q}
      />
    </form>
  );
}

function Controls({ isOverview }: { isOverview: boolean }): JSX.Element {
  const session = useSession();
  const { look, isPaused } = useLook();
  const { who } = session;
  const state = isPaused ? "paused" : look?.refusal ? "no answer" : look ? "live" : "";
  return (
    <div class="controls">
      {!isOverview && <TroubleLink />}
      <span id="state" role="status" class={look?.refusal ? "trouble" : undefined}>
        {state}
      </span>
      <button type="button" class="small" aria-pressed={isPaused} onClick={() => session.pause(!isPaused)}>
        Pause
      </button>
      <span class="who" title={`Scopes: ${who.scopes.join(", ") || "none"}`}>
        <b>{who.namespace}</b>{" "}
        {who.access === "open" ? "open access" : `${who.name} (${who.scopes.join(", ")})`}
      </span>
      {keyOf() !== null && (
        <button
          type="button"
          class="small"
          onClick={() => {
            forgetKey();
            location.reload();
          }}
        >
          Forget the key
        </button>
      )}
    </div>
  );
}

/** The field has no name: if the form were sent without the script, the key would get into no URL and no log. */
export function KeyForm({ why, open }: { why: string; open: () => void }): JSX.Element {
  const [key, setKey] = useState("");
  useEffect(() => {
    document.title = "Rollcall";
  }, []);
  return (
    <main id="main" tabIndex={-1}>
      <form
        id="key"
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          const cleaned = cleanKey(key);
          if (cleaned === "") return;
          keepKey(cleaned);
          open();
        }}
      >
        <h1>An API key, please</h1>
        <p role="status">{why}</p>
        <label>
          API key{" "}
          <input
            type="password"
            autocomplete="off"
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <button class="primary">Open</button>
        <p class="quiet">This tab keeps it until you close the tab.</p>
      </form>
    </main>
  );
}
