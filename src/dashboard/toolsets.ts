import { type Html, html } from "./html.ts";
import { ago, plural } from "./parts.ts";
import type { ToolsetView } from "./view.ts";

export const toolsetsSection = (toolsets: readonly ToolsetView[], asOf: string): Html =>
  html`<section aria-labelledby="toolsets">
    <h2 id="toolsets">Toolsets</h2>
    ${toolsets.length === 0 && html`<p class="quiet">No toolset is registered.</p>`}
    ${toolsets.map((toolset) => toolsetCard(toolset, asOf))}
  </section>`;

const toolsetCard = (toolset: ToolsetView, asOf: string): Html =>
  html`<article class="card" data-key="${toolset.name}">
    <h3>
      ${toolset.name} <small>${toolset.version}</small>
      <span class="mark is-${toolset.healthy ? "available" : "unhealthy"}"
        >${toolset.healthy ? "healthy" : "unhealthy"}</span
      >
    </h3>
    <p class="quiet">${toolset.description}</p>
    <p>
      ${plural(toolset.tools, "tool")}${toolset.calls_in_flight !== undefined && html` · ${plural(toolset.calls_in_flight, "call")} in flight`}
      ·
      ${toolset.last_seen === null ? "never answered a ping" : html`last pong ${ago(toolset.last_seen, asOf)} ago`}
    </p>
    ${toolset.tags.length > 0 && html`<p class="tags">${toolset.tags.map((tag) => html`<span>${tag}</span>`)}</p>`}
  </article>`;
