import type { JSX } from "preact";
import type { ToolsetList, ToolsetLoad, ToolsetRecord } from "../../client/shapes.ts";
import { useView } from "../app/session.ts";
import type { EntryEvents } from "../app/wire.ts";
import { Action } from "../parts/action.tsx";
import { Copy, InATerminal } from "../parts/commands.tsx";
import { Events } from "../parts/events.tsx";
import { Age, Fact, Json, Link, Mark, Tags } from "../parts/marks.tsx";
import { Crumbs, Section, useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { number, plural, quoted } from "../parts/words.ts";

/** Toolsets: tools under one name, and the calls to them. */

export function Toolsets(): JSX.Element {
  useTitle("Toolsets");
  const path = "/v1/toolsets";
  const view = useView<ToolsetList>(path);
  return (
    <>
      <h1>Toolsets</h1>
      <Shown view={view}>
        {({ toolsets, truncated }) => (
          <>
            {toolsets.length === 0 && <p class="card">No toolset is registered.</p>}
            {toolsets.length > 0 && (
              <Table
                caption="Toolsets"
                rows={toolsets}
                keyOf={({ name }) => name}
                isPart={truncated === true}
                columns={[
                  {
                    title: "Toolset",
                    by: ({ name }) => name,
                    cell: ({ name }) => <Link to="toolset" name={name} />,
                  },
                  {
                    title: "Health",
                    by: ({ health }) => Number(health.healthy),
                    cell: ({ health }) => (
                      <Mark good={health.healthy}>{health.healthy ? "healthy" : "unhealthy"}</Mark>
                    ),
                  },
                  {
                    title: "Tools",
                    isNumber: true,
                    by: ({ tool_count }) => tool_count,
                    cell: ({ tool_count }) => tool_count,
                  },
                  {
                    title: "Last pong",
                    isNumber: true,
                    by: ({ health }) => health.last_pong ?? "",
                    cell: ({ health }) => (health.last_pong ? <Age at={health.last_pong} /> : "never"),
                  },
                  { title: "Version", by: ({ version }) => version, cell: ({ version }) => version },
                  {
                    title: "Description",
                    by: ({ description }) => description,
                    cell: ({ description }) => description,
                  },
                ]}
              />
            )}
            <p class="quiet" role="status">
              {truncated
                ? `The first ${number(toolsets.length)} by name; there are more.`
                : `All ${plural(toolsets.length, "toolset")}.`}
            </p>
          </>
        )}
      </Shown>
      <InATerminal path={path} cli="toolsets" />
    </>
  );
}

export function Toolset({ name }: { name: string }): JSX.Element {
  useTitle(name);
  const path = `/v1/toolsets/${encodeURIComponent(name)}`;
  const view = useView<ToolsetRecord>(path);
  const queue = useView<ToolsetLoad>(`${path}/calls`);
  const events = useView<EntryEvents>(`${path}/events`);
  return (
    <>
      <Crumbs to="/ui/toolsets" name="Toolsets" />
      <h1>
        {name} <small>{view.body?.version} toolset</small> <Copy text={name} what="the name" />
      </h1>
      <Shown view={view}>
        {(toolset) => (
          <>
            {toolset.description !== "" && <p>{toolset.description}</p>}
            <div class="actions" role="group" aria-label="Actions">
              <Action
                name="Unregister"
                scope="admin"
                says={
                  <p>
                    <b>{name}</b> and its {plural(toolset.tools.length, "tool")} are removed at once. Calls
                    that wait for it fail.
                  </p>
                }
                deed={{ method: "DELETE", path }}
                done={() => "It is unregistered."}
              />
            </div>
            <dl class="facts card">
              <Fact name="Health">
                <Mark good={toolset.health.healthy}>{toolset.health.healthy ? "healthy" : "unhealthy"}</Mark>
              </Fact>
              <Fact name="Last pong">
                {toolset.health.last_pong === null ? (
                  "none yet"
                ) : (
                  <Age at={toolset.health.last_pong} suffix=" ago" />
                )}
              </Fact>
              <Fact name="Healthy for">{`${toolset.health.staleness_threshold_ms / 1000} s after a pong`}</Fact>
              <Fact name="Registered">
                <Age at={toolset.registered_at} suffix=" ago" />
                {toolset.owner !== null && ` by ${toolset.owner}`}
              </Fact>
              <Fact name="Tags">{toolset.tags.length > 0 && <Tags words={toolset.tags} />}</Fact>
            </dl>
          </>
        )}
      </Shown>
      <Section id="queue" title="Calls">
        <Shown view={queue}>{(load) => <QueueFacts {...load} />}</Shown>
      </Section>
      <Section id="tools" title="Tools">
        <Shown view={view}>
          {({ tools }) => (
            <div class="cards">
              {tools.map((tool) => (
                <article class="card" key={tool.name}>
                  <h3>
                    {tool.name} <Tags words={tool.tags} />
                  </h3>
                  <p>{tool.description}</p>
                  <Json title="Payload" value={tool.payload_schema} />
                  <Json title="Result" value={tool.result_schema} />
                  <Json title="Sidecar" value={tool.sidecar_schema} />
                </article>
              ))}
            </div>
          )}
        </Shown>
      </Section>
      <Section id="history" title="History">
        <Shown view={events}>{({ events: told }) => <Events events={told} isOfOne />}</Shown>
      </Section>
      <InATerminal path={path} cli={`toolsets show ${quoted(name)}`} />
    </>
  );
}

function QueueFacts({ queued, claimed, consumers, oldest_queued_at, last_errors }: ToolsetLoad): JSX.Element {
  return (
    <>
      <dl class="facts card">
        <Fact name="Waiting">{number(queued)}</Fact>
        <Fact name="The oldest waits">{oldest_queued_at && <Age at={oldest_queued_at} />}</Fact>
        <Fact name="In hand">{number(claimed)}</Fact>
        <Fact name="Consumers">{number(consumers)}</Fact>
      </dl>
      {last_errors.length > 0 && (
        <>
          <h3>How calls failed last</h3>
          <ol class="events">
            {last_errors.map(({ code, at }) => (
              <li key={code + at}>
                <code>{code}</code>
                <Age at={at} />
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}
