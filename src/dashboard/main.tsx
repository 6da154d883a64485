import type { JSX } from "preact";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { WhoAmI } from "../client/shapes.ts";
import { followLinks, type Place, placeOf, useAddress } from "./app/address.ts";
import { ask, Refusal } from "./app/api.ts";
import { Frame, KeyForm } from "./app/frame.tsx";
import { forgetKey, keyOf } from "./app/key.ts";
import { Session, SessionContext } from "./app/session.ts";
import { Agent } from "./pages/agent.tsx";
import { Agents } from "./pages/agents.tsx";
import { Capabilities, Capability } from "./pages/capabilities.tsx";
import { EventsPage } from "./pages/events.tsx";
import { Keys } from "./pages/keys.tsx";
import { Overview } from "./pages/overview.tsx";
import { Search } from "./pages/search.tsx";
import { Service } from "./pages/service.tsx";
import { Services } from "./pages/services.tsx";
import { Toolset, Toolsets } from "./pages/toolsets.tsx";

/** The dashboard. The Worker serves one shell for all pages; what they show comes from the API. */

const RETRY_MS = 2000;

function App(): JSX.Element {
  const [session, setSession] = useState<Session>();
  const [refusal, setRefusal] = useState<Refusal>();
  const [attempt, setAttempt] = useState(0);
  const url = useAddress();
  const place = placeOf(url.pathname);

  useEffect(() => {
    let timer = 0;
    const open = async () => {
      try {
        setSession(await Session.open(await ask<WhoAmI>("GET", "/v1/whoami")));
        setRefusal(undefined);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        setRefusal(error);
        if (error.isTrouble) timer = setTimeout(() => setAttempt(attempt + 1), RETRY_MS);
      }
    };
    void open();
    return () => clearTimeout(timer);
  }, [attempt]);

  if (!session) {
    if (refusal?.status === 401) {
      const why = keyOf() === null ? "Reading this registry takes a key." : "This key is not known here.";
      return <KeyForm why={why} open={() => setAttempt(attempt + 1)} />;
    }
    return (
      <main id="main">
        {refusal && (
          <section class="card trouble" role="alert">
            <h1>{refusal.isTrouble ? "The registry does not answer" : "The registry refuses"}</h1>
            <p>
              {refusal.message} <code>{refusal.code}</code>
            </p>
            {refusal.isTrouble && <p class="quiet">Trying again.</p>}
          </section>
        )}
      </main>
    );
  }
  if (!session.may("read"))
    return (
      <main id="main">
        <section class="card">
          <h1>This key may not read</h1>
          <p>
            The dashboard needs the scope read. The key {session.who.name} has{" "}
            {session.who.scopes.join(", ") || "none"}.
          </p>
          <button
            type="button"
            onClick={() => {
              forgetKey();
              location.reload();
            }}
          >
            Forget the key
          </button>
        </section>
      </main>
    );
  return (
    <SessionContext.Provider value={session}>
      <Ended session={session} />
      <Frame place={place} url={url}>
        <Page key={url.pathname} place={place} url={url} />
      </Frame>
    </SessionContext.Provider>
  );
}

/** A key that ends while the page is open: it is asked for anew, and nothing that it has read stays. */
function Ended({ session }: { session: Session }): null {
  useEffect(
    () =>
      session.watch(() => {
        if (session.look?.refusal?.status !== 401) return;
        forgetKey();
        location.reload();
      }),
    [session],
  );
  return null;
}

function Page({ place, url }: { place: Place; url: URL }): JSX.Element {
  switch (place.page) {
    case "overview":
      return <Overview />;
    case "agents":
      return <Agents url={url} />;
    case "agent":
      return <Agent id={place.name} />;
    case "services":
      return <Services url={url} />;
    case "service":
      return <Service name={place.name} />;
    case "capabilities":
      return <Capabilities url={url} />;
    case "capability":
      return <Capability name={place.name} url={url} />;
    case "toolsets":
      return <Toolsets />;
    case "toolset":
      return <Toolset name={place.name} />;
    case "events":
      return <EventsPage url={url} />;
    case "keys":
      return <Keys />;
    case "search":
      return <Search url={url} />;
    case "unknown":
      return (
        <section class="card">
          <h1>There is no such page</h1>
          <p>
            <a href="/">To the overview</a>
          </p>
        </section>
      );
  }
}

followLinks();
render(<App />, document.getElementById("app")!);
