import type { JSX } from "preact";
import type { AgentRecord } from "../../client/shapes.ts";
import { hrefOf } from "../app/address.ts";
import { Age, Link, Load, Status } from "./marks.tsx";
import { type Column, Table } from "./table.tsx";
import { percent } from "./words.ts";

const CAPABILITIES_SHOWN = 2;
/** Worst first. */
const SEVERITY = [
  "unreachable",
  "unhealthy",
  "offline",
  "degraded",
  "draining",
  "maintenance",
  "busy",
  "available",
];

const COLUMNS: readonly Column<AgentRecord>[] = [
  {
    title: "Agent",
    by: ({ id }) => id,
    cell: ({ id, name }) => (
      <>
        <Link to="agent" name={id}>
          {name}
        </Link>
        {name !== id && <code>{id}</code>}
      </>
    ),
  },
  {
    title: "Status",
    by: (agent) => SEVERITY.indexOf(agent.effective_status),
    cell: (agent) => <Status status={agent.effective_status} reason={agent.status_reason} />,
  },
  {
    title: "Type",
    by: ({ type }) => type,
    cell: ({ type }) => <a href={`/ui/agents?type=${encodeURIComponent(type)}`}>{type}</a>,
  },
  {
    title: "Load",
    by: ({ load_ratio }) => load_ratio,
    cell: (agent) => <Load load={agent.current_load} max={agent.max_concurrency} ratio={agent.load_ratio} />,
  },
  {
    title: "Capabilities",
    by: ({ capabilities }) => capabilities.length,
    cell: (agent) => <Capabilities agent={agent} />,
  },
  {
    title: "Health",
    isNumber: true,
    by: (agent) => agent.health_score,
    cell: (agent) => percent(agent.health_score),
  },
  {
    title: "Heard",
    isNumber: true,
    by: (agent) => -Date.parse(agent.last_seen),
    cell: (agent) =>
      agent.heartbeat_interval_seconds === null ? (
        <span title="It sends no heartbeats">static</span>
      ) : (
        <Age at={agent.last_seen} />
      ),
  },
];

function Capabilities({ agent: { id, capabilities } }: { agent: AgentRecord }): JSX.Element {
  const rest = capabilities.length - CAPABILITIES_SHOWN;
  return (
    <span class="tags">
      {capabilities.slice(0, CAPABILITIES_SHOWN).map(({ name }) => (
        <Link key={name} to="capability" name={name} />
      ))}
      {rest > 0 && <a href={hrefOf("agent", id)}>+{rest}</a>}
    </span>
  );
}

export const AgentsTable = ({
  agents,
  isPart,
}: {
  agents: readonly AgentRecord[];
  isPart: boolean;
}): JSX.Element => (
  <Table caption="Agents" columns={COLUMNS} rows={agents} keyOf={({ id }) => id} isPart={isPart} />
);
