import type { EventType } from "../core/event.ts";
import { type Html, html } from "./html.ts";
import { agentLink, ago } from "./parts.ts";
import type { EventView } from "./view.ts";

const WORDS: Record<EventType, string> = {
  registered: "registered",
  replaced: "replaced its registration",
  renewed: "renewed",
  restored: "is back",
  amended: "amended its registration",
  unregistered: "left",
  drain_requested: "was asked to drain",
  drain_cancelled: "had its drain cancelled",
  became_unreachable: "fell silent",
  recovered: "is heard again",
  lapsed: "lapsed",
  status_changed: "reports another status",
  reaped: "is gone",
  breaker_opened: "has an open breaker",
  breaker_half_opened: "has a breaker that tries again",
  breaker_closed: "has a closed breaker again",
  breaker_reset: "had a breaker reset",
  override_set: "had a binding's settings changed",
  key_created: "was made",
  key_rotated: "was rotated",
  key_revoked: "was revoked",
  key_refused: "was asked with keys that are none",
  quota_reached: "has reached a limit",
};

/** Newest first. */
export const eventList = (events: readonly EventView[], asOf: string): Html =>
  events.length === 0
    ? html`<p class="quiet">Nothing yet.</p>`
    : html`<ol class="events">
        ${events.map(
          ({ revision, type, kind, id, at, ...rest }) =>
            html`<li data-key="${revision}" class="event-${type}">
              <span>${kind === "agent" ? agentLink(id) : `${kind} ${id}`} ${WORDS[type]}${detail(rest)}</span>
              ${ago(at, asOf)}
            </li>`,
        )}
      </ol>`;

/** What changed, by whose key where it was not the agent itself, and why. */
function detail({
  from,
  status,
  actor,
  reason,
}: Pick<EventView, "from" | "status" | "actor" | "reason">): string {
  const change = status === undefined ? "" : ` (${from === undefined ? "" : `${from} → `}${status})`;
  const who = actor?.type === "key" ? `, by ${actor.name}` : "";
  return `${change}${who}${reason === undefined ? "" : `: ${reason}`}`;
}
