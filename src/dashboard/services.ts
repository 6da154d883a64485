import { type Html, html } from "./html.ts";
import { agentLink, ago, plural } from "./parts.ts";
import type { Overview, ProviderView, SelectionView, ServiceView } from "./view.ts";

export const servicesSection = ({ services, servicesLeftOut, as_of }: Overview): Html =>
  html`<section aria-labelledby="services">
    <h2 id="services">Services</h2>
    ${services.length === 0 && html`<p class="quiet">No agent offers a service.</p>`}
    ${services.map((service) => serviceCard(service, as_of))}
    ${servicesLeftOut > 0 && html`<p class="quiet">${servicesLeftOut} more: see GET /v1/runtime/services.</p>`}
  </section>`;

const serviceCard = ({ service, pool }: ServiceView, asOf: string): Html =>
  html`<article class="card" data-key="${service}">
    <h3>${service}</h3>
    ${pool === null ? html`<p class="is-unhealthy">Its pool does not answer, so its breakers are unknown.</p>` : [groups(pool.providers), selections(pool.selections, asOf)]}
  </article>`;

/** By group, in the order in which providers are tried: a handler's own offers before those to any handler, then by group number. */
function groups(providers: readonly ProviderView[]): Html[] {
  const byGroup = Map.groupBy(
    providers,
    ({ handler, group }) => `${handler === "*" ? "any handler" : `handler ${handler}`} · group ${group}`,
  );
  return [...byGroup].map(([title, members]) => {
    const strategy = members[0]!.strategy.replace("_", " ");
    return html`<div data-key="${title}">
      <h4>${title} · ${strategy}</h4>
      <ol>
        ${members.map(provider)}
      </ol>
    </div>`;
  });
}

const provider = ({ id, handler, priority, circuit, obstacle }: ProviderView): Html =>
  html`<li data-key="${`${id} ${handler}`}">
    <span>${agentLink(id)} <span class="quiet">${priority.toLowerCase()}</span></span>
    <span class="mark circuit-${circuit}">${circuit.replace("_", " ")}</span>
    ${obstacle !== null && html`<small>${obstacle}</small>`}
  </li>`;

function selections(list: readonly SelectionView[], asOf: string): Html {
  const [last] = list;
  if (!last) return html`<p class="quiet">No provider has been chosen yet.</p>`;
  return html`<details data-key="selections">
    <summary>Last chosen ${ago(last.at, asOf)} ago: ${last.provider ?? "no provider"}</summary>
    <ol>
      ${list.map(
        ({ at, handler, capabilities, provider: id, reasons }) =>
          html`<li>
            <span
              >${id === null ? "no provider" : agentLink(id)}${handler !== null && html` for ${handler}`}${capabilities.length > 0 && html`, able to ${capabilities.join(", ")}`}</span
            >
            ${ago(at, asOf)}
            ${reasons.length > 0 && html`<small>${plural(reasons.length, "provider")} passed over: ${reasons.map((reason) => html`<span class="reason"><b>${reason.id}</b> ${reason.detail}</span>`)}</small>`}
          </li>`,
      )}
    </ol>
  </details>`;
}
