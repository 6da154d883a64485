import type { JSX } from "preact";
import type { LatestEventPage } from "../../client/shapes.ts";
import { fieldsOf, go, withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import { Action } from "../parts/action.tsx";
import { InATerminal } from "../parts/commands.tsx";
import { Events } from "../parts/events.tsx";
import { useTitle } from "../parts/page.tsx";
import { Pages } from "../parts/pages.tsx";
import { Shown } from "../parts/shown.tsx";
import { plural, quoted } from "../parts/words.ts";

/** What happened, newest first. */

const LIMIT = 200;

export function EventsPage({ url }: { url: URL }): JSX.Element {
  useTitle("Events");
  const [id, type, cursor] = ["id", "type", "cursor"].map((name) => url.searchParams.get(name));
  const path = withQuery("/v1/events", { order: "desc", limit: LIMIT, id, type, cursor });
  const view = useView<LatestEventPage>(path);
  const isFiltered = Boolean(id || type);
  const submit = (event: Event) => {
    event.preventDefault();
    go(withQuery("/ui/events", fieldsOf(event.currentTarget as HTMLFormElement)));
  };
  return (
    <>
      <h1>Events</h1>
      <div class="actions" role="group" aria-label="Actions">
        <Sweep />
      </div>
      <form class="filter" onSubmit={submit} role="search" aria-label="Filter events">
        <label>
          Of the id <input name="id" key={id ?? ""} defaultValue={id ?? ""} maxLength={256} />
        </label>
        <label>
          Type <input name="type" key={type ?? ""} defaultValue={type ?? ""} maxLength={64} />
        </label>
        <button>Filter</button>
        {isFiltered && <a href="/ui/events">Clear</a>}
      </form>
      <Shown view={view}>
        {({ events, next_cursor }) => (
          <>
            <Events events={events} />
            <Pages
              url={url}
              next={next_cursor}
              said={`${plural(events.length, "event")}${isFiltered ? " that match, among 1,000 looked at" : ""}, newest first${next_cursor === null ? "; nothing older is kept" : ""}.`}
            />
          </>
        )}
      </Shown>
      <InATerminal
        path={path}
        cli={["events", id && `--id ${quoted(id)}`, type && `--type ${quoted(type)}`]
          .filter(Boolean)
          .join(" ")}
      />
    </>
  );
}

interface Swept {
  scanned: number;
  unreachable: string[];
  lapsed: string[];
  reaped: string[];
}

export function Sweep(): JSX.Element {
  return (
    <Action<Swept>
      name="Sweep now"
      scope="admin"
      says={
        <p>
          The roll is called now, as every minute: it tells who fell silent, lapsed or came back, and clears
          away who is long gone. It changes no status.
        </p>
      }
      deed={{ method: "POST", path: "/v1/sweep", cli: "sweep" }}
      done={({ scanned, unreachable, lapsed, reaped }) =>
        `${plural(scanned, "agent")} looked at: ${unreachable.length} fell silent, ${lapsed.length} lapsed, ${reaped.length} removed.`
      }
    />
  );
}
