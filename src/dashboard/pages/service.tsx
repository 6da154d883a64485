import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PriorityChanged, RuntimeServices, SelectionList } from "../../client/shapes.ts";
import { withQuery } from "../app/address.ts";
import { useView } from "../app/session.ts";
import { Action } from "../parts/action.tsx";
import { Copy, InATerminal } from "../parts/commands.tsx";
import { Age, Link, Mark } from "../parts/marks.tsx";
import { Crumbs, Section, useTitle } from "../parts/page.tsx";
import { Shown } from "../parts/shown.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { percent, plural, quoted, spaced } from "../parts/words.ts";
import { CheckHealth } from "./services.tsx";

/** Who provides this service, and who of them can be chosen now? */

/** As many are read, the first by id. */
const PROVIDERS_MAX = 200;
const PRIORITIES = ["CRITICAL", "HIGH", "NORMAL", "LOW", "FALLBACK"];

type Provider = RuntimeServices["global_services"][string][number];
type Breaker = RuntimeServices["circuit_breaker_stats"][string];
interface Row extends Provider {
  handler: string;
  stats: Breaker | undefined;
}

export function Service({ name }: { name: string }): JSX.Element {
  useTitle(name);
  const path = withQuery("/v1/runtime/services", { service_type: name, limit: PROVIDERS_MAX });
  const view = useView<RuntimeServices & { truncated?: true }>(path);
  return (
    <>
      <Crumbs to="/ui/services" name="Services" />
      <h1>
        {name} <small>service</small> <Copy text={name} what="the name" />
      </h1>
      <Shown view={view}>
        {(fleet) => <Providers name={name} rows={rowsOf(fleet, name)} isPart={fleet.truncated === true} />}
      </Shown>
      <Selections name={name} />
      <InATerminal path={path} cli={`services --service ${quoted(name)}`} />
    </>
  );
}

/** Offers of one service, in the order in which they are tried. */
function rowsOf(
  { handlers, global_services, circuit_breaker_stats }: RuntimeServices,
  service: string,
): Row[] {
  const offers = Object.entries({ ...handlers, "*": global_services });
  return offers.flatMap(([handler, services]) =>
    (services[service] ?? []).map((provider) => ({
      ...provider,
      handler,
      stats: circuit_breaker_stats[`${service}.${provider.name}`],
    })),
  );
}

/** Half open is not healthy, and yet a probe can be chosen. */
export const isUsable = ({ healthy, reason }: Pick<Provider, "healthy" | "reason">): boolean =>
  healthy || reason === "circuit_half_open";

function Providers({ name, rows, isPart }: { name: string; rows: Row[]; isPart: boolean }): JSX.Element {
  const usable = new Set(rows.filter(isUsable).map((row) => row.name)).size;
  const known = new Set(rows.map((row) => row.name)).size;
  const open = new Set(rows.filter((row) => row.circuit_breaker_state === "open").map((row) => row.name))
    .size;
  return (
    <>
      <p
        class={usable === 0 ? "verdict trouble" : "verdict"}
        role={usable === 0 && known > 0 ? "alert" : undefined}
      >
        {known === 0 ? (
          "No live agent offers this service."
        ) : (
          <>
            <Mark good={usable > 0}>
              {usable} of {plural(known, "provider")} can be chosen now
            </Mark>
            {open > 0 && `; ${plural(open, "breaker is", "breakers are")} open`}
            {isPart && (
              <span class="quiet">
                {" "}
                — of the first {PROVIDERS_MAX} agents by id that offer it; there are more
              </span>
            )}
          </>
        )}
      </p>
      <div class="actions" role="group" aria-label="Actions">
        <Action<{ message: string }>
          name="Reset breakers"
          scope="admin"
          says={
            <p>
              The breakers of all providers of <b>{name}</b> are closed and their failures forgotten: callers
              are sent to them again at once. Who still fails opens its breaker again.
            </p>
          }
          deed={{
            method: "POST",
            path: withQuery("/v1/runtime/services/circuit-breakers/reset", { service_type: name }),
            cli: `breakers reset ${quoted(name)}`,
          }}
          done={({ message }) => message}
        />
        <CheckHealth />
      </div>
      {rows.length > 0 && (
        <Table
          caption="Providers"
          columns={columnsFor(name)}
          rows={rows}
          keyOf={(row) => `${row.name} ${row.handler}`}
          isPart={isPart}
        />
      )}
    </>
  );
}

const columnsFor = (service: string): readonly Column<Row>[] => [
  { title: "Provider", by: (row) => row.name, cell: (row) => <Link to="agent" name={row.name} /> },
  {
    title: "Can be chosen",
    by: (row) => Number(isUsable(row)),
    cell: (row) => (
      <>
        <Mark good={isUsable(row)}>{isUsable(row) ? "yes" : "no"}</Mark>{" "}
        {row.detail && <small>{row.detail}</small>}
      </>
    ),
  },
  {
    title: "Breaker",
    by: (row) => row.circuit_breaker_state,
    cell: (row) => spaced(row.circuit_breaker_state),
  },
  {
    title: "For, group",
    by: (row) => `${row.handler} ${String(row.priority_group).padStart(4, "0")}`,
    cell: (row) =>
      `${row.handler === "*" ? "any handler" : row.handler}, ${row.priority_group}, ${spaced(row.strategy)}`,
  },
  {
    title: "Priority",
    by: (row) => PRIORITIES.indexOf(row.priority),
    cell: (row) => row.priority.toLowerCase(),
  },
  {
    title: "Calls",
    isNumber: true,
    by: (row) => row.stats?.call_count ?? 0,
    cell: (row) => row.stats?.call_count ?? 0,
  },
  {
    title: "Succeeded",
    isNumber: true,
    by: (row) => row.stats?.success_rate ?? 1,
    cell: (row) => (row.stats && row.stats.call_count > 0 ? percent(row.stats.success_rate) : "–"),
  },
  {
    title: "Latency",
    isNumber: true,
    by: (row) => row.stats?.latency_ms ?? 0,
    cell: (row) => (row.stats?.latency_ms == null ? "–" : `${Math.round(row.stats.latency_ms)} ms`),
  },
  {
    title: "Last error",
    by: (row) => row.stats?.last_error ?? "",
    cell: (row) => row.stats?.last_error ?? <span class="quiet">none</span>,
  },
  { title: "Set", cell: (row) => <SetPriority service={service} row={row} /> },
];

function SetPriority({ service, row }: { service: string; row: Row }): JSX.Element {
  const [priority, setPriority] = useState(row.priority);
  const [group, setGroup] = useState(row.priority_group);
  const path = withQuery(`/v1/runtime/services/${encodeURIComponent(row.name)}/priority`, {
    service_type: service,
    handler: row.handler,
  });
  const cli = `priority ${quoted(row.name)} ${quoted(priority)} --group ${group} --service ${quoted(service)} --handler ${quoted(row.handler)}`;
  return (
    <Action<PriorityChanged>
      name="Set priority"
      scope="admin"
      says={
        <p>
          The offer of <b>{row.name}</b> for {row.handler === "*" ? "any handler" : row.handler} is tried by
          this priority, within this group, for as long as its registration lasts. Now it is{" "}
          {row.priority.toLowerCase()} in group {row.priority_group}.
        </p>
      }
      fields={
        <div class="fields">
          <label>
            Priority{" "}
            <select value={priority} onChange={(event) => setPriority(event.currentTarget.value)}>
              {PRIORITIES.map((name) => (
                <option key={name} value={name}>
                  {name.toLowerCase()}
                </option>
              ))}
            </select>
          </label>
          <label>
            Group{" "}
            <input
              type="number"
              min={0}
              max={1000}
              value={group}
              required
              onInput={(event) => setGroup(Number(event.currentTarget.value))}
            />
          </label>
        </div>
      }
      deed={{ method: "PUT", path, body: { priority, priority_group: group }, cli }}
      verb="Set"
      done={({ changes }) =>
        `${changes.old_priority.toLowerCase()}, group ${changes.old_priority_group} → ${changes.new_priority.toLowerCase()}, group ${changes.new_priority_group}`
      }
    />
  );
}

function Selections({ name }: { name: string }): JSX.Element {
  const view = useView<SelectionList>(`/v1/services/${encodeURIComponent(name)}/selections`);
  return (
    <Section id="selections" title="Last choices">
      <Shown view={view}>
        {({ selections }) =>
          selections.length === 0 ? (
            <p class="quiet">Nobody has been chosen yet, of what is kept.</p>
          ) : (
            <ol class="events">
              {selections
                .slice(0, 20)
                .map(({ selection_id, at, handler, capabilities, provider, reasons }) => (
                  <li key={selection_id}>
                    <span>
                      {provider === null ? "no provider" : <Link to="agent" name={provider} />}
                      {handler !== null && ` for ${handler}`}
                      {capabilities.length > 0 && `, able to ${capabilities.join(", ")}`}
                      {reasons.length > 0 && (
                        <details>
                          <summary>{plural(reasons.length, "provider")} passed over</summary>
                          {reasons.map(({ id, detail }) => (
                            <small key={id + detail} class="reason">
                              <b>{id}</b> {detail}
                            </small>
                          ))}
                        </details>
                      )}
                    </span>
                    <Age at={at} />
                  </li>
                ))}
            </ol>
          )
        }
      </Shown>
    </Section>
  );
}
