import type { JSX } from "preact";
import type { AgentPage, CapabilityList, Discovered } from "../../client/shapes.ts";
import { withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import { AgentsTable } from "../parts/agents-table.tsx";
import { useAlerts } from "../parts/alerts.tsx";
import { Copy, InATerminal } from "../parts/commands.tsx";
import { Link, Mark } from "../parts/marks.tsx";
import { Crumbs, Section, useTitle } from "../parts/page.tsx";
import { Pages } from "../parts/pages.tsx";
import { Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { plural, quoted } from "../parts/words.ts";

/** What can be done, and by whom. */

const NAMES = 200;
const AGENTS = 100;

export function Capabilities({ url }: { url: URL }): JSX.Element {
  useTitle("Capabilities");
  const path = withQuery("/v1/capabilities", {
    limit: NAMES,
    prefix: url.searchParams.get("prefix"),
    cursor: url.searchParams.get("cursor"),
  });
  const view = useView<CapabilityList>(path);
  const alerts = useAlerts().body?.alerts ?? [];
  const wrong = new Set(alerts.flatMap(({ kind, id }) => (kind === "capability" ? [id] : [])));
  return (
    <>
      <h1>Capabilities</h1>
      <Shown view={view}>
        {({ capabilities, next_cursor }) => {
          const isPart = next_cursor !== null || url.searchParams.has("cursor");
          return (
            <>
              {capabilities.length === 0 && (
                <p class="card">
                  {url.searchParams.has("prefix")
                    ? "No capability's name begins so."
                    : "No agent has a capability."}
                </p>
              )}
              {capabilities.length > 0 && (
                <Table
                  caption="Capabilities"
                  rows={capabilities}
                  keyOf={({ name }) => name}
                  isPart={isPart}
                  columns={[
                    {
                      title: "Capability",
                      by: ({ name }) => name,
                      cell: ({ name }) => <Link to="capability" name={name} />,
                    },
                    {
                      title: "Agents",
                      isNumber: true,
                      by: ({ agents }) => agents,
                      cell: ({ agents }) => agents,
                    },
                    {
                      title: "Alert",
                      by: ({ name }) => Number(wrong.has(name)),
                      cell: ({ name }) =>
                        wrong.has(name) ? (
                          <Mark good={false}>nobody available</Mark>
                        ) : (
                          <span class="quiet">none</span>
                        ),
                    },
                  ]}
                />
              )}
              <Pages
                url={url}
                next={next_cursor}
                said={`${isPart ? "These" : "All"} ${plural(capabilities.length, "capability", "capabilities")}, by name. Of more than 5,000 agents, lapsed ones are counted too.`}
              />
            </>
          );
        }}
      </Shown>
      <InATerminal path={path} cli="capabilities" />
    </>
  );
}

export function Capability({ name, url }: { name: string; url: URL }): JSX.Element {
  useTitle(name);
  const found = useView<Discovered>(withQuery("/v1/discover", { capability: name, limit: 1 }));
  const path = withQuery("/v1/agents", {
    capability: name,
    limit: AGENTS,
    cursor: url.searchParams.get("cursor"),
  });
  const view = useView<AgentPage>(path);
  return (
    <>
      <Crumbs to="/ui/capabilities" name="Capabilities" />
      <h1>
        {name} <small>capability</small> <Copy text={name} what="the name" />
      </h1>
      <Shown view={found}>{(answer) => <Verdict answer={answer} />}</Shown>
      <Section id="agents" title="Agents that have it">
        <Shown view={view}>
          {({ agents, next_cursor, recovering }) => {
            const isPart = next_cursor !== null || url.searchParams.has("cursor");
            return (
              <>
                {agents.length > 0 && <AgentsTable agents={agents} isPart={isPart} />}
                {agents.length === 0 && (
                  <p class="card">
                    {recovering
                      ? "They are expected back within an interval."
                      : isPart
                        ? "None on this page is live."
                        : "No live agent has it."}
                  </p>
                )}
                <Pages
                  url={url}
                  next={next_cursor}
                  said={`${isPart ? "These" : "All"} ${agents.length}, by id.`}
                />
              </>
            );
          }}
        </Shown>
      </Section>
      <InATerminal path={withQuery("/v1/discover", { capability: name })} cli={`find ${quoted(name)}`} />
    </>
  );
}

/** What discovery answers now. Of a draw from many nothing is counted but what was drawn. */
function Verdict({ answer }: { answer: Discovered }): JSX.Element {
  const { agents, total_matches, filtered_count, examined, sampled } = answer;
  const isFound = agents.length > 0;
  return (
    <p class={isFound ? "verdict" : "verdict trouble"}>
      <Mark good={isFound}>
        {isFound
          ? sampled
            ? `Discovery finds agents now: ${filtered_count} of ${examined} drawn at random from ${total_matches}`
            : `Discovery can choose ${filtered_count} of ${plural(total_matches, "agent")} now`
          : sampled
            ? `Of ${examined} drawn at random from ${total_matches}, discovery can choose none now`
            : `Discovery can choose none of ${plural(total_matches, "agent")} now`}
      </Mark>{" "}
      <span class="quiet">
        Those that report available, with a health of 70 % and a load of at most 80 %.
      </span>
    </p>
  );
}
