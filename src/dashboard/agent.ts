import { priorityName } from "../core/services/binding.ts";
import type { AgentRecord } from "../core/agents/record.ts";
import { eventList } from "./events.ts";
import { hrefOf } from "./filter.ts";
import { type Content, type Html, html } from "./html.ts";
import { ago, loadBar, plural, score, statusMark } from "./parts.ts";
import type { AgentView } from "./view.ts";

/** One agent's page: its registration, its last report, and its history. */
export const agentMain = (view: AgentView): Html =>
  html`<nav class="crumbs" aria-label="Breadcrumb"><a href="/">Overview</a></nav>
    ${view.agent === null ? notLive(view.id) : registration(view.agent, view.as_of)}
    <section aria-labelledby="history">
      <h2 id="history">History</h2>
      ${eventList(view.events, view.as_of)}
      <p class="quiet">From the last ${plural(view.examined, "event")} of the registry.</p>
    </section>`;

const notLive = (id: string): Html =>
  html`<section class="summary">
    <h1><code>${id}</code></h1>
    <p>No live agent has this id. It never registered, it unregistered, or its lease ended.</p>
  </section>`;

function registration(agent: AgentRecord, asOf: string): Html {
  const { region, services, capabilities, tags, metadata } = agent;
  const interval = agent.heartbeat_interval_seconds;
  return html`<section class="summary">
      <h1>${agent.name} <small>${agent.type}</small></h1>
      <p><code>${agent.id}</code></p>
    </section>
    <dl class="facts card">
      ${fact("Status", html`${statusMark(agent.effective_status)} ${agent.status_reason}`)}
      ${agent.status !== agent.effective_status && fact("It reports", agent.status)}
      ${fact("Load", loadBar({ load: agent.current_load, max: agent.max_concurrency, ratio: agent.load_ratio }))}
      ${fact("Health", score(agent.health_score))}
      ${fact("Last evidence", html`${ago(agent.last_seen, asOf)} ago`)}
      ${fact("Heartbeats", interval === null ? "none: it is static" : `every ${interval} s, and is gone after ${agent.ttl_seconds} s of silence`)}
      ${fact("Registered", html`${ago(agent.registered_at, asOf)} ago${agent.owner !== null && ` by ${agent.owner}`}`)}
      ${fact("Version", agent.version)}
      ${fact("Endpoint", agent.endpoint ?? (agent.host && [agent.host, agent.port !== undefined && `:${agent.port}`, agent.path]))}
      ${fact("Health URL", agent.health_url)}
      ${fact("Region", region && [region.colo, region.country, region.continent].filter(Boolean).join(", "))}
      ${fact("Tags", tags.length > 0 && html`<span class="tags">${tags.map((tag) => html`<span>${tag}</span>`)}</span>`)}
    </dl>
    <section aria-labelledby="capabilities">
      <h2 id="capabilities">Capabilities</h2>
      ${capabilities.length === 0 && html`<p class="quiet">None.</p>`}
      <div class="cards">
        ${capabilities.map(
          (capability) =>
            html`<article class="card" data-key="${capability.name}">
              <h3><a href="${hrefOf({ capability: capability.name })}">${capability.name}</a></h3>
              ${capability.description !== "" && html`<p>${capability.description}</p>`}
              ${json("Input", capability.input_schema)}${json("Output", capability.output_schema)}
              <p class="quiet">
                ${[
                  capability.cost_estimate > 0 && `costs about ${capability.cost_estimate}`,
                  capability.avg_duration_seconds > 0 && `takes about ${capability.avg_duration_seconds} s`,
                  capability.required_tools.length > 0 && `needs ${capability.required_tools.join(", ")}`,
                  capability.tags.length > 0 && `tags ${capability.tags.join(", ")}`,
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </article>`,
        )}
      </div>
    </section>
    ${
      services.length > 0 &&
      html`<section aria-labelledby="services">
        <h2 id="services">Services</h2>
        ${services.map(
          ({ service, handler, priority, priority_group, strategy }) =>
            html`<p class="card">
              <b>${service}</b> for ${handler === "*" ? "any handler" : handler}, group ${priority_group},
              ${priorityName(priority).toLowerCase()}, ${strategy.replace("_", " ")}
            </p>`,
        )}
      </section>`
    }
    ${
      Object.keys(metadata).length > 0 &&
      html`<section aria-labelledby="metadata">
        <h2 id="metadata">Metadata</h2>
        ${pre(metadata)}
      </section>`
    }`;
}

const fact = (name: string, value: Content): Html | false =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== "" &&
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

const json = (title: string, value: Record<string, unknown>): Html | false =>
  Object.keys(value).length > 0 &&
  html`<details data-key="${title}">
    <summary>${title}</summary>
    ${pre(value)}
  </details>`;

const pre = (value: unknown): Html => html`<pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>`;
