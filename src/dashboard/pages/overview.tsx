import type { JSX } from "preact";
import type { AgentPage, LatestEventPage, Stats, ToolsetList } from "../../client/shapes.ts";
import { useLook, useView } from "../app/session.ts";
import type { ServiceList } from "../app/wire.ts";
import { AgentsTable } from "../parts/agents-table.tsx";
import { Strip, useAlerts } from "../parts/alerts.tsx";
import { InATerminal } from "../parts/commands.tsx";
import { Events } from "../parts/events.tsx";
import { Graphs } from "../parts/graphs.tsx";
import { Age, Bar, Clock, Link, Mark } from "../parts/marks.tsx";
import { Section, useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { number, plural, spaced, STATUSES } from "../parts/words.ts";

/** Is anything wrong now? */

const AGENTS_SHOWN = 25;
const SERVICES_SHOWN = 12;
const EVENTS_SHOWN = 15;

export function Overview(): JSX.Element {
  const stats = useView<Stats>("/v1/stats");
  return (
    <>
      <Headline />
      <Strip />
      <div class="overview">
        <div class="things">
          <Services />
          <Toolsets />
        </div>
        <Graphs />
        <History />
      </div>
      <Agents total={stats.refusal ? undefined : stats.body?.total_components} />
    </>
  );
}

/** How many can be chosen, of how many are known. */
function Headline(): JSX.Element {
  const view = useView<Stats>("/v1/stats");
  const alerts = useAlerts();
  const { look } = useLook();
  const stats = view.body;
  const isOld = look?.refusal !== undefined || view.refusal !== undefined;
  const usable = stats?.by_status["available"] ?? 0;
  const known = (stats?.total_components ?? 0) + (stats?.lapsed ?? 0);
  const wrong = alerts.body?.found ?? 0;
  const counts = stats ? `${number(usable)} of ${number(known)} usable` : "Overview";
  useTitle(isOld ? `No answer · ${counts}` : wrong > 0 ? `${wrong} wrong · ${counts}` : counts);
  return (
    <section class="summary">
      <h1 class={isOld ? "is-old" : undefined}>
        {stats ? (
          known === 0 ? (
            "No agent is registered"
          ) : (
            <>
              {number(usable)} of {plural(known, "agent")} usable
            </>
          )
        ) : view.refusal ? (
          "The registry cannot be read"
        ) : (
          "…"
        )}
        {isOld && stats && (
          <small>
            {" "}
            as it was at <Clock at={stats.as_of} />
          </small>
        )}
      </h1>
      {stats && <Census stats={stats} />}
      {!stats && view.refusal && <p class="trouble">{view.refusal.message}</p>}
    </section>
  );
}

function Census({ stats }: { stats: Stats }): JSX.Element {
  const { by_status, total_components: total, lapsed, as_of, last_sweep } = stats;
  const known = total + lapsed;
  const counted = STATUSES.filter((status) => (by_status[status] ?? 0) > 0);
  return (
    <>
      <Bar
        label={`Agents by status: ${counted.map((status) => `${by_status[status]} ${status}`).join(", ")}${lapsed > 0 ? `, ${lapsed} lapsed` : ""}`}
        parts={[
          ...counted.map((status) => [by_status[status]! / known, `is-${status}`] as const),
          [lapsed / known, "is-lapsed"] as const,
        ]}
      />
      <p class="census">
        {counted.map((status) => (
          <a key={status} href={`/ui/agents?status=${status}`} class={`mark is-${status}`}>
            {number(by_status[status]!)} {spaced(status)}
          </a>
        ))}
        {lapsed > 0 && (
          <span class="mark is-lapsed">{number(lapsed)} lapsed: they come back by calling in</span>
        )}
        {counted.length === 0 && total > 0 && (
          <span>Their status is not counted before the first complete sweep.</span>
        )}
      </p>
      <p class="quiet">
        Usable: the agent reports available and is heard. Counted <Age at={as_of} suffix=" ago" />
        {last_sweep ? (
          <>
            ; last sweep <Age at={last_sweep.at} suffix=" ago" />, {plural(last_sweep.scanned, "agent")}{" "}
            looked at.
          </>
        ) : (
          "; not swept yet."
        )}
      </p>
    </>
  );
}

function Services(): JSX.Element {
  const view = useView<ServiceList>(`/v1/services?limit=${SERVICES_SHOWN}`);
  const alerts = useAlerts().body?.alerts ?? [];
  return (
    <Section id="services" title="Services" aside={<a href="/ui/services">All services</a>}>
      <Shown view={view}>
        {({ services, next_cursor }) => (
          <>
            {services.length === 0 && <p class="quiet">No agent offers a service.</p>}
            <ul class="list card">
              {services.map(({ name, providers }) => {
                const wrong = alerts.find(
                  ({ kind, id, severity }) => kind === "service" && id === name && severity === "critical",
                );
                return (
                  <li key={name}>
                    <Link to="service" name={name} />
                    {wrong ? (
                      <Mark good={false}>no usable provider</Mark>
                    ) : (
                      <span class="quiet">{plural(providers, "provider")} registered</span>
                    )}
                  </li>
                );
              })}
            </ul>
            {next_cursor !== null && <p class="quiet">The first {services.length} by name.</p>}
          </>
        )}
      </Shown>
    </Section>
  );
}

function Toolsets(): JSX.Element {
  const view = useView<ToolsetList>("/v1/toolsets");
  return (
    <Section id="toolsets" title="Toolsets" aside={<a href="/ui/toolsets">All toolsets</a>}>
      <Shown view={view}>
        {({ toolsets, truncated }) => {
          const worst = toolsets
            .toSorted((a, b) => Number(a.health.healthy) - Number(b.health.healthy))
            .slice(0, SERVICES_SHOWN);
          return (
            <>
              {toolsets.length === 0 && <p class="quiet">No toolset is registered.</p>}
              <ul class="list card">
                {worst.map(({ name, health, tool_count }) => (
                  <li key={name}>
                    <span>
                      <Link to="toolset" name={name} />{" "}
                      <span class="quiet">{plural(tool_count, "tool")}</span>
                    </span>
                    <Mark good={health.healthy}>{health.healthy ? "healthy" : "unhealthy"}</Mark>
                  </li>
                ))}
              </ul>
              {(truncated || worst.length < toolsets.length) && (
                <p class="quiet">
                  {worst.length} of {truncated ? "the first " : ""}
                  {toolsets.length}, unhealthy ones first.
                </p>
              )}
            </>
          );
        }}
      </Shown>
    </Section>
  );
}

function History(): JSX.Element {
  const view = useView<LatestEventPage>(`/v1/events?order=desc&limit=${EVENTS_SHOWN}`);
  return (
    <Section id="events" title="Events" aside={<a href="/ui/events">All events</a>}>
      <Shown view={view}>{({ events }) => <Events events={events} />}</Shown>
    </Section>
  );
}

function Agents({ total }: { total: number | undefined }): JSX.Element {
  const view = useView<AgentPage>(`/v1/agents?limit=${AGENTS_SHOWN}`);
  return (
    <Section id="agents" title="Agents" aside={<a href="/ui/agents">All agents</a>}>
      <Shown view={view}>
        {({ agents, next_cursor, recovering }) => (
          <>
            {agents.length === 0 ? (
              <p class="card">
                {recovering
                  ? "They are expected back within an interval."
                  : next_cursor === null
                    ? "No live agent is registered."
                    : "None of the first is live."}{" "}
                <a href="/docs#registerAgent">How to register</a>
              </p>
            ) : (
              <AgentsTable agents={agents} isPart={next_cursor !== null} />
            )}
            {next_cursor !== null && (
              <p class="quiet">
                {total === undefined ? "" : `Of ${plural(total, "live agent")}, `}
                {total === undefined ? "These" : "these"} are the first {agents.length} by id.{" "}
                <a href="/ui/agents">Go on</a>
              </p>
            )}
          </>
        )}
      </Shown>
      <InATerminal path="/v1/alerts" cli="alerts" />
    </Section>
  );
}
