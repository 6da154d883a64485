import { agentsSection } from "./agents.ts";
import { eventList } from "./events.ts";
import { hrefOf } from "./filter.ts";
import { type Html, html } from "./html.ts";
import { ago, folded, plural, stackedBar } from "./parts.ts";
import { servicesSection } from "./services.ts";
import { toolsetsSection } from "./toolsets.ts";
import { type FacetName, FACETS, type Overview, type SweepView } from "./view.ts";

/** The overview: all live agents, services, toolsets and the last events. */
export function overview(view: Overview): Html {
  return html`${view.stale && storeIsOut(view.as_of)} ${summary(view)}
    <div class="columns">
      <div class="filters">
        ${searchForm(view)}
        <nav aria-label="Filters">${FACETS.map((name) => facet(view, name))}</nav>
      </div>
      ${agentsSection(view)}
      <div class="rail">
        ${servicesSection(view)} ${view.toolsets && toolsetsSection(view.toolsets, view.as_of)}
        <section aria-labelledby="events">
          <h2 id="events">Events</h2>
          ${eventList(view.events, view.as_of)}
        </section>
      </div>
    </div>`;
}

const storeIsOut = (asOf: string): Html =>
  html`<p role="alert" class="trouble">
    The store does not answer. This is what was so at <time datetime="${asOf}">${asOf}</time>; what has
    changed since is not known.
  </p>`;

function summary({
  total,
  lapsed,
  recovering,
  partial,
  facets,
  backend,
  namespace,
  sweep,
  as_of,
}: Overview): Html {
  const counted = facets.status.reduce((sum, { agents }) => sum + agents, 0);
  const legend = facets.status.filter(({ agents }) => agents > 0);
  return html`<section class="summary">
    <h1>
      ${plural(total, "agent")}
      <small
        >${partial ? "looked at, the first by id, of a larger fleet" : "alive"}${lapsed > 0 && `, ${lapsed.toLocaleString("en")} lapsed`}</small
      >
    </h1>
    <p class="quiet">namespace ${namespace} · ${backend} store · ${lastSweep(sweep, as_of)}</p>
    ${recovering && html`<p role="status">So many have lapsed at once that it was rather the store that could not be reached: they come back as they call in.</p>`}
    ${stackedBar(
      legend.map(({ value, agents }) => [value, agents] as const),
      counted,
    )}
  </section>`;
}

const lastSweep = (sweep: SweepView | null, asOf: string): Html =>
  sweep === null
    ? html`no sweep yet`
    : html`last sweep ${ago(sweep.at, asOf)} ago: ${sweep.scanned} scanned, ${sweep.unreachable} unreachable,
      ${sweep.recovered} recovered, ${sweep.lapsed} lapsed, ${sweep.reaped} reaped, in ${sweep.durationMs} ms`;

/** The other parts of the filter are hidden fields, so that a search keeps them. */
const searchForm = ({ filter: { q, ...rest } }: Overview): Html =>
  html`<form id="search" role="search" action="/">
    <label for="q" class="unseen">Search agents</label>
    <input
      id="q"
      type="search"
      name="q"
      value="${q}"
      placeholder="Search name, id, type, capability, tag"
      autocomplete="off"
    />
    ${Object.entries(rest).map(
      ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    <button class="unseen">Search</button>
  </form>`;

const FACET_VALUES_SHOWN = 8;

function facet({ facets, facetsLeftOut, filter }: Overview, name: FacetName): Html {
  const most = facets[name].reduce((max, { agents }) => Math.max(max, agents), 1);
  const values = facets[name].map(({ value, agents, byStatus }) => {
    const chosen = filter[name] === value;
    const href = hrefOf({ ...filter, [name]: chosen ? undefined : value });
    const mark = name === "status" ? html`<span class="mark is-${value}">${value}</span>` : value;
    return html`<li data-key="${value}">
      <a href="${href}" ${chosen && html` aria-current="true"`}
        ><span class="value">${mark}</span>
        <span class="n">${agents}</span>${name !== "status" && stackedBar(byStatus, most)}</a
      >
    </li>`;
  });
  return html`<section class="facet" data-key="${name}">
    <h2>${name}</h2>
    ${folded(values, FACET_VALUES_SHOWN, name)}
    ${facetsLeftOut[name] > 0 && html`<p>${facetsLeftOut[name].toLocaleString("en")} others: search for them.</p>`}
  </section>`;
}
