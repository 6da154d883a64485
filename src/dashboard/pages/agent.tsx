import type { JSX } from "preact";
import type { AgentRecord, DrainAnswer } from "../../client/shapes.ts";
import { useSession, useView } from "../app/session.ts";
import type { AgentEvents } from "../app/wire.ts";
import { Action } from "../parts/action.tsx";
import { Copy, InATerminal } from "../parts/commands.tsx";
import { Events } from "../parts/events.tsx";
import { Age, Fact, Json, Link, Load, Status, Tags } from "../parts/marks.tsx";
import { Crumbs, Section, useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { age, percent, quoted, spaced } from "../parts/words.ts";

/** What is this agent? */

export function Agent({ id }: { id: string }): JSX.Element {
  const path = `/v1/agents/${encodeURIComponent(id)}`;
  const view = useView<AgentRecord>(path);
  useTitle(view.body?.name ?? id);
  return (
    <>
      <Crumbs to="/ui/agents" name="Agents" />
      <section class="summary">
        <h1>
          {view.body?.name ?? id} {view.body && <small>{view.body.type}</small>}
        </h1>
        <p>
          <code>{id}</code> <Copy text={id} what="the id" />
        </p>
      </section>
      {view.refusal?.status === 404 ? (
        <p class="card">
          No live agent has this id. It never registered, it left, or its lease ended: what was told of it is
          below.
        </p>
      ) : (
        <Shown view={view}>{(agent) => <Registration agent={agent} path={path} />}</Shown>
      )}
      <History path={path} />
      <InATerminal path={path} cli={`get ${quoted(id)}`} />
    </>
  );
}

function Registration({ agent, path }: { agent: AgentRecord; path: string }): JSX.Element {
  const { region, services, capabilities, tags, metadata } = agent;
  const interval = agent.heartbeat_interval_seconds;
  const address =
    agent.endpoint ??
    (agent.host &&
      [agent.host, agent.port !== undefined && `:${agent.port}`, agent.path].filter(Boolean).join(""));
  return (
    <>
      <Actions agent={agent} path={path} />
      <dl class="facts card">
        <Fact name="Status">
          <Status status={agent.effective_status} />{" "}
          {agent.status_reason && <span class="quiet">{agent.status_reason}</span>}
        </Fact>
        <Fact name="It reports">{agent.status !== agent.effective_status && spaced(agent.status)}</Fact>
        <Fact name="Load">
          <Load load={agent.current_load} max={agent.max_concurrency} ratio={agent.load_ratio} />
        </Fact>
        <Fact name="Health">{percent(agent.health_score)}</Fact>
        <Fact name="Heard">
          <Age at={agent.last_seen} suffix=" ago" />
        </Fact>
        <Fact name="Heartbeats">
          {interval === null
            ? "none: it is static"
            : `every ${interval} s; gone after ${agent.ttl_seconds} s of silence`}
        </Fact>
        <Fact name="Registered">
          <Age at={agent.registered_at} suffix=" ago" />
          {agent.owner !== null && ` by ${agent.owner}`}
        </Fact>
        <Fact name="Version">{agent.version}</Fact>
        <Fact name="Endpoint">{address}</Fact>
        <Fact name="Health URL">{agent.health_url}</Fact>
        <Fact name="Region">
          {region && [region.colo, region.country, region.continent].filter(Boolean).join(", ")}
        </Fact>
        <Fact name="Tags">{tags.length > 0 && <Tags words={tags} />}</Fact>
      </dl>
      {services.length > 0 && (
        <Section id="services" title="Services">
          <ul class="list card">
            {services.map(({ service, handler, priority_group, strategy }) => (
              <li key={`${service} ${handler}`}>
                <Link to="service" name={service} />
                <span class="quiet">
                  for {handler === "*" ? "any handler" : handler}, group {priority_group}, {spaced(strategy)}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section id="capabilities" title="Capabilities">
        {capabilities.length === 0 && <p class="quiet">It has none.</p>}
        <div class="cards">
          {capabilities.map((capability) => (
            <article class="card" key={capability.name}>
              <h3>
                <Link to="capability" name={capability.name} />
              </h3>
              {capability.description !== "" && <p>{capability.description}</p>}
              <Json title="Input" value={capability.input_schema} />
              <Json title="Output" value={capability.output_schema} />
              <p class="quiet">
                {[
                  capability.cost_estimate > 0 && `costs about ${capability.cost_estimate}`,
                  capability.avg_duration_seconds > 0 && `takes about ${capability.avg_duration_seconds} s`,
                  capability.required_tools.length > 0 && `needs ${capability.required_tools.join(", ")}`,
                  capability.tags.length > 0 && `tags ${capability.tags.join(", ")}`,
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </article>
          ))}
        </div>
      </Section>
      {Object.keys(metadata).length > 0 && (
        <Section id="metadata" title="Metadata">
          <pre tabIndex={0}>{JSON.stringify(metadata, null, 2)}</pre>
        </Section>
      )}
    </>
  );
}

function Actions({ agent, path }: { agent: AgentRecord; path: string }): JSX.Element {
  const { who, may } = bound(useSession());
  // A key that may write may change what it owns; an admin's may change everything.
  const unless =
    !may("admin") &&
    agent.owner !== who.name &&
    `It belongs to ${agent.owner ?? "nobody"}, and this key is ${who.name}.`;
  const isDraining = agent.effective_status === "draining";
  const id = quoted(agent.id);
  return (
    <div class="actions" role="group" aria-label="Actions">
      <Action<DrainAnswer>
        name="Drain"
        scope="write"
        unless={unless}
        says={
          <p>
            <b>{agent.name}</b> will not be chosen from now on, and its next heartbeat asks it to finish its
            work. It stays registered. “Put back” undoes it.
          </p>
        }
        deed={{ method: "POST", path: `${path}/drain`, cli: `drain ${id}` }}
        done={() => "It is asked to drain."}
      />
      <Action<DrainAnswer>
        name="Put back"
        scope="write"
        unless={unless}
        says={
          <p>
            The request to drain is taken back: <b>{agent.name}</b> can be chosen again
            {isDraining ? "" : "; it does not drain now, so nothing changes"}.
          </p>
        }
        deed={{ method: "DELETE", path: `${path}/drain`, cli: `drain ${id} --cancel` }}
        done={() => "It may be chosen again."}
      />
      <Action
        name="Unregister"
        scope="admin"
        says={
          <p>
            <b>{agent.name}</b> is removed at once: nobody finds it, and its process is told to stop at its
            next heartbeat. Only a new registration brings it back.
          </p>
        }
        deed={{ method: "DELETE", path, cli: `unregister ${id}` }}
        done={() => "It is unregistered."}
      />
    </div>
  );
}

const bound = (session: ReturnType<typeof useSession>) => ({
  who: session.who,
  may: session.may.bind(session),
});

function History({ path }: { path: string }): JSX.Element {
  const view = useView<AgentEvents>(`${path}/events`);
  return (
    <Section id="history" title="History">
      <Shown view={view}>
        {({ events, uptime }) => (
          <>
            <Reachable {...uptime} />
            <Events events={events} isOfOne />
            <p class="quiet">Its own last {events.length}, of 200 that are kept.</p>
          </>
        )}
      </Shown>
    </Section>
  );
}

/** How much of the last day it was reachable, as far as its events tell. */
function Reachable({ ratio, window_seconds, observed_seconds }: AgentEvents["uptime"]): JSX.Element | null {
  if (ratio === null) return null;
  const isWhole = observed_seconds >= window_seconds;
  return (
    <p>
      Reachable {percent(ratio)} of the last {isWhole ? "24 h" : age(observed_seconds * 1000)}
      {!isWhole && <span class="quiet">, which is as far as its events tell</span>}.
    </p>
  );
}
