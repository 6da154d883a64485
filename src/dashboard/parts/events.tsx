import type { JSX } from "preact";
import type { EventType, RegistryEvent } from "../../client/shapes.ts";
import { Age, Link } from "./marks.tsx";
import { number, plural } from "./words.ts";

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
  service_unusable: "has no provider that can be chosen",
  service_usable: "has a provider that can be chosen again",
  capability_unavailable: "is a capability that nobody has free",
  capability_available: "is a capability that somebody has free again",
  toolset_unhealthy: "has no provider that answers pings",
  toolset_healthy: "has a provider that answers pings again",
};

/** Newest first. */
export function Events({
  events,
  isOfOne = false,
}: {
  events: readonly RegistryEvent[];
  isOfOne?: boolean;
}): JSX.Element {
  if (events.length === 0) return <p class="quiet">Nothing has been told.</p>;
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.cursor} class={`event-${event.type}`}>
          <span>
            {!isOfOne && <Subject {...event} />} {WORDS[event.type]}
            {detailOf(event)}
          </span>
          <Age at={event.at} />
        </li>
      ))}
    </ol>
  );
}

function Subject({ kind, id, provider, name }: RegistryEvent): JSX.Element {
  if (kind === "agent" || kind === "toolset") return <Link to={kind} name={id} />;
  if (kind !== "service")
    return (
      <span>
        {kind} {name ?? id}
      </span>
    );
  return (
    <>
      <Link to="service" name={id} />
      {provider !== undefined && (
        <>
          {": "}
          <Link to="agent" name={provider} />
        </>
      )}
    </>
  );
}

/** What changed, by whose key where it was not the agent itself, and why. */
function detailOf(event: RegistryEvent): string {
  const { from, status, changes = [], more_changes = 0, breaker, quota, count, actor, reason } = event;
  const fields = changes.map(({ field }) => field);
  if (more_changes > 0) fields.push(`${more_changes} more`);
  return [
    status !== undefined && ` (${from === undefined ? "" : `${from} → `}${status})`,
    breaker &&
      ` (${plural(breaker.failures, "failure")} in a row, opened ${plural(breaker.openings, "time")})`,
    quota && ` (${quota.limit}: ${number(quota.count)} of ${number(quota.max)})`,
    count !== undefined && ` (${plural(count, "request")})`,
    fields.length > 0 && `: ${fields.join(", ")}`,
    actor?.type === "key" && `, by ${actor.name}`,
    reason !== undefined && `: “${reason}”`,
  ]
    .filter(Boolean)
    .join("");
}
