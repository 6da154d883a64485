import { hrefOf } from "./filter.ts";
import { type Html, html } from "./html.ts";
import { agentLink, ago, loadBar, plural, score, statusMark } from "./parts.ts";
import { FACETS, type Filter, type Overview, type Row } from "./view.ts";

const CAPABILITIES_SHOWN = 2;

export function agentsSection(view: Overview): Html {
  const { rows, matching, total, filter, as_of } = view;
  return html`<section class="agents" aria-labelledby="agents">
    <div class="heading">
      <h2 id="agents">Agents</h2>
      <p role="status">
        ${matching === total ? `all ${total.toLocaleString("en")}` : `${matching.toLocaleString("en")} of ${total.toLocaleString("en")}`}
      </p>
      ${chips(filter)}
    </div>
    ${rows.length === 0 ? noAgents(view) : table(rows, filter, as_of)}
    ${rows.length < matching && html`<p>${rows.length} shown. <a href="${hrefOf({ ...filter, limit: 5000 })}">Show all ${matching.toLocaleString("en")}</a></p>`}
    ${view.partial && html`<p class="quiet">The fleet has more than ${plural(total, "agent")}. Choose a type or a capability to see more of them.</p>`}
  </section>`;
}

const noAgents = ({ total, filter }: Overview): Html =>
  total === 0 && Object.values(filter).every((value) => value === undefined)
    ? html`<p class="card">No agent has registered yet. <a href="/docs#registerAgent">How to register</a></p>`
    : html`<p class="card">No agent matches. <a href="/">Clear the filter</a></p>`;

/** Each part of the filter, as a link that removes it. */
function chips(filter: Filter): Html {
  const parts = (["q", ...FACETS] as const).filter((name) => filter[name] !== undefined);
  return html`<ul class="chips">
    ${parts.map((name) => {
      const href = hrefOf({ ...filter, [name]: undefined });
      return html`<li data-key="${name}">
        <a href="${href}" aria-label="Remove the filter ${name} ${filter[name]}"
          >${name} <b>${filter[name]}</b> ×</a
        >
      </li>`;
    })}
  </ul>`;
}

function table(rows: readonly Row[], filter: Filter, asOf: string): Html {
  const sorted = filter.sort ?? "id";
  const column = (sort: NonNullable<Filter["sort"]>, title: string) => {
    const direction = sort === "id" || sort === "type" ? "ascending" : "descending";
    return html`<th scope="col" ${sort === sorted && html` aria-sort="${direction}"`}>
      <a href="${hrefOf({ ...filter, sort })}">${title}</a>
    </th>`;
  };
  return html`<table>
    <caption class="unseen">
      Live agents
    </caption>
    <thead>
      <tr>
        ${column("id", "Agent")}${column("type", "Type, region")}${column("status", "Status")}${column("load", "Load")}
        <th scope="col">Capabilities</th>
        <th scope="col">Health</th>
        ${column("silence", "Heard")}
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => tableRow(row, filter, asOf))}
    </tbody>
  </table>`;
}

const tableRow = (row: Row, filter: Filter, asOf: string): Html =>
  html`<tr data-key="${row.id}" data-status="${row.status}">
    <th scope="row">${agentLink(row.id, row.name)}${row.name !== row.id && html` <code>${row.id}</code>`}</th>
    <td><span>${row.type}</span> <span class="quiet">${row.region}</span></td>
    <td>${statusMark(row.status, row.reason)}</td>
    <td>${loadBar(row)}</td>
    <td>${capabilities(row, filter)}</td>
    <td class="number">${score(row.health)}</td>
    <td class="number">
      ${row.isStatic ? html`<span title="It sends no heartbeats">static</span>` : ago(row.last_seen, asOf)}
    </td>
  </tr> `;

function capabilities({ capabilities: names, capabilitiesLeftOut }: Row, filter: Filter): Html {
  const more = names.slice(CAPABILITIES_SHOWN);
  return html`<span class="tags"
    >${names
      .slice(0, CAPABILITIES_SHOWN)
      .map(
        (name) => html`<a href="${hrefOf({ ...filter, capability: name })}">${name}</a>`,
      )}${more.length > 0 && html`<span title="${more.join(", ")}">+${more.length + capabilitiesLeftOut}</span>`}</span
  >`;
}
