import type { JSX } from "preact";
import type { AgentPage, Stats } from "../../client/shapes.ts";
import { fieldsOf, go, withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import { AgentsTable } from "../parts/agents-table.tsx";
import { InATerminal } from "../parts/commands.tsx";
import { useTitle } from "../parts/page.tsx";
import { Pages } from "../parts/pages.tsx";
import { Shown } from "../parts/shown.tsx";
import { plural, quoted, spaced } from "../parts/words.ts";

/** All agents, page by page, and those that match. */

const LIMIT = 100;
const STATUSES = [
  "available",
  "busy",
  "degraded",
  "unhealthy",
  "maintenance",
  "draining",
  "offline",
  "unreachable",
];
const FIELDS = ["prefix", "type", "capability", "tag", "status"] as const;

export function Agents({ url }: { url: URL }): JSX.Element {
  useTitle("Agents");
  const filter = Object.fromEntries(FIELDS.map((name) => [name, url.searchParams.get(name)]));
  const path = withQuery("/v1/agents", { ...filter, limit: LIMIT, cursor: url.searchParams.get("cursor") });
  const view = useView<AgentPage>(path);
  const stats = useView<Stats>("/v1/stats");
  const isFiltered = FIELDS.some((name) => filter[name]);
  const known =
    stats.body && !stats.refusal
      ? `Of ${plural(stats.body.total_components, "live agent")}`
      : "Of all live agents";
  return (
    <>
      <h1>Agents</h1>
      <Filter filter={filter} />
      <Shown view={view}>
        {({ agents, next_cursor, lapsed }) => {
          const isPart = next_cursor !== null || url.searchParams.has("cursor");
          const said = `${known}${isFiltered ? ", of those that match" : ""}, ${isPart ? "these" : "all"} ${agents.length}, by id${lapsed > 0 ? `; ${lapsed} lapsed among those looked at` : ""}.`;
          return (
            <>
              {agents.length > 0 && <AgentsTable agents={agents} isPart={isPart} />}
              {agents.length === 0 && (
                <p class="card">
                  {next_cursor !== null
                    ? "None of those looked at for this page match. There are more: go on to the next page."
                    : isFiltered
                      ? "No live agent matches."
                      : "No live agent is registered."}
                </p>
              )}
              <Pages url={url} next={next_cursor} said={said} />
            </>
          );
        }}
      </Shown>
      <InATerminal path={path} cli={cliOf(filter)} />
    </>
  );
}

/** The command line has no prefix. */
function cliOf({ prefix, ...filter }: Record<string, string | null>): string | undefined {
  if (prefix) return undefined;
  const flags = Object.entries(filter).flatMap(([name, value]) =>
    value ? [`--${name} ${quoted(value)}`] : [],
  );
  return ["list", ...flags, `--limit ${LIMIT}`].join(" ");
}

function Filter({ filter }: { filter: Record<string, string | null> }): JSX.Element {
  const submit = (event: Event) => {
    event.preventDefault();
    go(withQuery("/ui/agents", fieldsOf(event.currentTarget as HTMLFormElement)));
  };
  const text = (name: string, label: string) => (
    <label>
      {label} <input name={name} key={filter[name] ?? ""} defaultValue={filter[name] ?? ""} maxLength={256} />
    </label>
  );
  return (
    <form class="filter" onSubmit={submit} role="search" aria-label="Filter agents">
      {text("prefix", "Id begins with")}
      {text("type", "Type")}
      {text("capability", "Capability")}
      {text("tag", "Tag")}
      <label>
        Status{" "}
        <select
          name="status"
          key={filter["status"] ?? ""}
          onChange={(event) => event.currentTarget.form?.requestSubmit()}
        >
          <option value="">any</option>
          {STATUSES.map((status) => (
            <option key={status} value={status} selected={filter["status"] === status}>
              {spaced(status)}
            </option>
          ))}
        </select>
      </label>
      <button>Filter</button>
      {Object.values(filter).some(Boolean) && <a href="/ui/agents">Clear</a>}
    </form>
  );
}
