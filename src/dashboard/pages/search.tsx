import type { JSX } from "preact";
import type { AgentPage, AgentRecord, CapabilityList, ToolsetList } from "../../client/shapes.ts";
import { withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import type { ServiceList } from "../app/wire.ts";
import { Link, Status } from "../parts/marks.tsx";
import { Section, useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { plural } from "../parts/words.ts";

/** What the registry can find by id and name without reading all of it: beginnings, and of toolsets any part. */

const FOUND_MAX = 20;

export function Search({ url }: { url: URL }): JSX.Element {
  const q = (url.searchParams.get("q") ?? "").trim().slice(0, 256);
  useTitle(q === "" ? "Search" : `${q} · Search`);
  if (q === "")
    return (
      <>
        <h1>Search</h1>
        <Searched />
      </>
    );
  return (
    <>
      <h1>
        Search <small>{q}</small>
      </h1>
      <Searched />
      <div class="cards">
        <Agents q={q} />
        <Services q={q} />
        <Capabilities q={q} />
        <Toolsets q={q} />
      </div>
    </>
  );
}

const Searched = (): JSX.Element => (
  <p class="quiet">
    Searched are agents by the beginning of their id, services and capabilities by the beginning of their
    name, toolsets by any part of their name, description or tags. Names of agents are not searched. Upper and
    lower case differ, but for toolsets.
  </p>
);

/** An id has no other characters, so nothing else can be the beginning of one. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/;

function Agents({ q }: { q: string }): JSX.Element {
  const view = useView<AgentPage>(
    ID.test(q) ? withQuery("/v1/agents", { prefix: q, limit: FOUND_MAX }) : null,
  );
  return (
    <Section id="agents" title="Agents">
      {ID.test(q) ? (
        <Shown view={view}>
          {({ agents, next_cursor }) => (
            <>
              <Found
                rows={agents}
                none={next_cursor === null ? "No live agent's id begins so." : "None of the first is live."}
                to="agent"
                keyOf={({ id }) => id}
                aside={(agent: AgentRecord) => <Status status={agent.effective_status} />}
              />
              {next_cursor !== null && (
                <a href={withQuery("/ui/agents", { prefix: q })}>There are more: all whose id begins so</a>
              )}
            </>
          )}
        </Shown>
      ) : (
        <p class="quiet">No id can begin so.</p>
      )}
    </Section>
  );
}

function Services({ q }: { q: string }): JSX.Element {
  const view = useView<ServiceList>(withQuery("/v1/services", { prefix: q, limit: FOUND_MAX }));
  return (
    <Section id="services" title="Services">
      <Shown view={view}>
        {({ services, next_cursor }) => (
          <>
            <Found
              rows={services}
              none="No service's name begins so."
              to="service"
              keyOf={({ name }) => name}
              aside={({ providers }) => plural(providers, "provider")}
            />
            {next_cursor !== null && <a href={withQuery("/ui/services", { prefix: q })}>There are more</a>}
          </>
        )}
      </Shown>
    </Section>
  );
}

function Capabilities({ q }: { q: string }): JSX.Element {
  const view = useView<CapabilityList>(withQuery("/v1/capabilities", { prefix: q, limit: FOUND_MAX }));
  return (
    <Section id="capabilities" title="Capabilities">
      <Shown view={view}>
        {({ capabilities, next_cursor }) => (
          <>
            <Found
              rows={capabilities}
              none="No capability's name begins so."
              to="capability"
              keyOf={({ name }) => name}
              aside={({ agents }) => plural(agents, "agent")}
            />
            {next_cursor !== null && (
              <a href={withQuery("/ui/capabilities", { prefix: q })}>There are more</a>
            )}
          </>
        )}
      </Shown>
    </Section>
  );
}

function Toolsets({ q }: { q: string }): JSX.Element {
  const view = useView<ToolsetList>(withQuery("/v1/toolsets/search", { q }));
  return (
    <Section id="toolsets" title="Toolsets">
      <Shown view={view}>
        {({ toolsets, truncated }) => (
          <>
            <Found
              rows={toolsets.slice(0, FOUND_MAX)}
              none={truncated ? "None of those looked at." : "None."}
              to="toolset"
              keyOf={({ name }) => name}
              aside={({ health }) => (health.healthy ? "healthy" : "unhealthy")}
            />
            {toolsets.length > FOUND_MAX && (
              <p class="quiet">{plural(toolsets.length - FOUND_MAX, "more")}</p>
            )}
          </>
        )}
      </Shown>
    </Section>
  );
}

interface FoundProps<Row> {
  rows: readonly Row[];
  none: string;
  to: "agent" | "service" | "capability" | "toolset";
  keyOf: (row: Row) => string;
  aside: (row: Row) => JSX.Element | string;
}

function Found<Row>({ rows, none, to, keyOf, aside }: FoundProps<Row>): JSX.Element {
  if (rows.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="list card">
      {rows.map((row) => (
        <li key={keyOf(row)}>
          <Link to={to} name={keyOf(row)} />
          <span class="quiet">{aside(row)}</span>
        </li>
      ))}
    </ul>
  );
}
