import type { EffectiveStatus } from "../core/agents/agent.ts";
import { DISCOVERY_DEFAULTS } from "../core/agents/discovery.ts";
import { type Html, html } from "./html.ts";
import { age } from "./public/ui/age.js";

/** How long ago `at` was when the page was made at `asOf`, both ISO-8601. The page's script keeps the age up to date. */
export const ago = (at: string, asOf: string): Html =>
  html`<time datetime="${at}" title="${at}">${age(Date.parse(asOf) - Date.parse(at))}</time>`;

export const agentHref = (id: string): string => `/ui/agents/${encodeURIComponent(id)}`;
export const agentLink = (id: string, text = id): Html => html`<a href="${agentHref(id)}">${text}</a>`;

/** Shows the status as a word too, for readers who do not see the colour. */
export const statusMark = (status: EffectiveStatus, reason: string | null = null): Html =>
  html`<span class="mark is-${status}" title="${reason}">${status}</span>`;

const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

/**
 * One bar with a part for each status. Hidden from screen readers, because the numbers stand next to it. SVG, because the
 * content security policy forbids style attributes.
 */
export function stackedBar(byStatus: readonly (readonly [EffectiveStatus, number])[], total: number): Html {
  let from = 0;
  const parts = byStatus.map(([status, n]) => {
    const part = html`<rect
      class="is-${status}"
      x="${percent(from / total)}"
      width="${percent(n / total)}"
      height="100%"
    />`;
    from += n;
    return part;
  });
  return html`<svg class="bar" aria-hidden="true">${parts}</svg>`;
}

/** High from where discovery leaves an agent out by default. */
export function loadBar({ load, max, ratio }: { load: number; max: number | null; ratio: number }): Html {
  const level = ratio > DISCOVERY_DEFAULTS.maxLoadRatio ? "high" : "fine";
  const width = percent(Math.min(1, ratio));
  const bar = html`<svg class="bar" aria-hidden="true">
    <rect class="load-${level}" width="${width}" height="100%" />
  </svg>`;
  if (max === null) return html`<span class="load"><i>no limit</i><span>${load}</span></span>`;
  return html`<span class="load"
    >${bar}<span>${load}<i>/${max}</i></span></span
  >`;
}

export const plural = (n: number, one: string): string =>
  `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;

export const score = (value: number): string => value.toFixed(2);

/** A list of the first `shown` items, and the rest in a `details` element. */
export function folded(items: readonly Html[], shown: number, key: string): Html {
  const rest = items.slice(shown);
  return html`<ul>
      ${items.slice(0, shown)}
    </ul>
    ${
      rest.length > 0 &&
      html`<details data-key="${key}">
        <summary>${rest.length} more</summary>
        <ul>
          ${rest}
        </ul>
      </details>`
    }`;
}
