import type { JSX } from "preact";
import { hrefOf } from "../app/address.ts";
import { useLook, useNow, useSession, useView } from "../app/session.ts";
import type { View } from "../app/views.ts";
import type { Alert, Alerts } from "../app/wire.ts";
import { Age, Clock } from "./marks.tsx";
import { number, plural } from "./words.ts";

/** What is wrong, first on every page. */

const TITLES: Record<Alert["code"], string> = {
  service_unusable: "No usable provider",
  capability_unavailable: "Nobody available",
  toolset_unhealthy: "Toolset unhealthy",
  breaker_open: "Breaker open",
  quota_near: "Quota nearly full",
  agents_unreachable: "Agents unreachable",
  recovering: "Recovering",
  queue_full: "Queue full",
};

/** How many are named before the rest is folded. */
const NAMED_MAX = 12;

const PATH = "/v1/alerts";
/** The sweep looks once a minute, and takes a moment. */
const AFTER_SWEEP_MS = 61_000;
/** Between two questions while it is late. */
const LATE_MS = 5000;
/** The cron may run as seldom as every five minutes. */
const LATE_SWEEP_MS = 600_000;

/** What is wrong, read anew when the next sweep has looked: that moves no marker. */
export function useAlerts(): View<Alerts> {
  const { views, look } = useSession();
  const view = useView<Alerts>(PATH);
  const { body, readAt } = view;
  if (body?.as_of) {
    const nextAt = Date.parse(body.as_of) - (look?.skewMs ?? 0) + AFTER_SWEEP_MS;
    // The later it is, the more seldom: the cron may run every five minutes.
    views.expect(PATH, Math.max(nextAt, readAt + Math.max(LATE_MS, readAt - nextAt)));
  }
  return view;
}

/** The strip. It is calm only where the registry has just said that nothing is wrong. */
export function Strip(): JSX.Element {
  const { look, isPaused } = useLook();
  const { body, refusal, readAt } = useAlerts();
  const outage = look?.refusal ?? (refusal?.isTrouble ? refusal : undefined);
  const alerts = body?.alerts ?? [];
  const isOld = outage !== undefined && body !== undefined;
  return (
    <section class="strip" aria-label="What is wrong">
      {outage && (
        <p class="alert is-critical" role="alert">
          <b>{outage.code === "no_answer" ? "The registry does not answer" : "The registry is in trouble"}</b>{" "}
          <span>
            {"detail" in outage ? outage.detail : outage.message} <code>{outage.code}</code>
          </span>{" "}
          {isOld && (
            <span>
              What is shown below is old, of <Clock at={new Date(readAt).toISOString()} /> or before.
            </span>
          )}
        </p>
      )}
      {refusal && !refusal.isTrouble && (
        <p class="alert is-warning">
          <b>What is wrong is not known</b> <span>{refusal.message}</span>
        </p>
      )}
      <ul>
        {alerts.slice(0, NAMED_MAX).map((alert) => (
          <AlertLine key={`${alert.code} ${alert.kind} ${alert.id} ${alert.provider ?? ""}`} alert={alert} />
        ))}
      </ul>
      {alerts.length > NAMED_MAX && (
        <details>
          <summary>{plural(alerts.length - NAMED_MAX, "more")}</summary>
          <ul>
            {alerts.slice(NAMED_MAX).map((alert) => (
              <AlertLine key={`${alert.code} ${alert.id} ${alert.provider ?? ""}`} alert={alert} />
            ))}
          </ul>
        </details>
      )}
      {body && body.found > alerts.length && (
        <p class="quiet">
          {plural(body.found - alerts.length, "more is", "more are")} not listed by the registry.
        </p>
      )}
      {!outage && body && <Verdict asOf={body.as_of} isCalm={body.alerts.length === 0} isPaused={isPaused} />}
    </section>
  );
}

/** What is known of what is wrong is as old as the last sweep: where that is long ago, nothing is known of now. */
function Verdict({
  asOf,
  isCalm,
  isPaused,
}: {
  asOf: string | null;
  isCalm: boolean;
  isPaused: boolean;
}): JSX.Element | null {
  const now = useNow();
  if (asOf === null)
    return <p class="calm">The registry has not been swept yet, so it does not know what is wrong.</p>;
  if (!isPaused && now - Date.parse(asOf) > LATE_SWEEP_MS)
    return (
      <p class="alert is-warning">
        <b>What is wrong now is not known</b>{" "}
        <span>
          The last sweep was <Age at={asOf} suffix=" ago" />; it should run every one to five minutes.
        </span>
      </p>
    );
  if (!isCalm) return null;
  return (
    <p class="calm">
      <span class="mark is-available">Nothing is wrong</span>{" "}
      <span class="quiet">
        as of the sweep at <Clock at={asOf} />
        {isPaused && "; paused"}
      </span>
    </p>
  );
}

function AlertLine({ alert }: { alert: Alert }): JSX.Element {
  const { code, severity, since, detail, count } = alert;
  const href = placeOf(alert);
  const name = nameOf(alert);
  return (
    <li class={`alert is-${severity}`}>
      <b>
        {severity === "critical" ? "" : "Warning: "}
        {TITLES[code]}
      </b>{" "}
      {name !== "" && (href ? <a href={href}>{name}</a> : <span>{name}</span>)} <span>{detail}</span>{" "}
      {count !== undefined &&
        code !== "service_unusable" &&
        code !== "agents_unreachable" &&
        code !== "recovering" && (
          <span class="quiet">
            {number(count)} {code === "quota_near" ? "are there" : "wait"},{" "}
          </span>
        )}
      <span class="quiet">
        for <Age at={since} />
      </span>
    </li>
  );
}

const nameOf = ({ id, provider }: Alert): string => (provider === undefined ? id : `${id}: ${provider}`);

function placeOf({ code, kind, id }: Alert): string | undefined {
  if (code === "agents_unreachable") return "/ui/agents?status=unreachable";
  return kind === "namespace" ? undefined : hrefOf(kind, id);
}

/** On the pages that do not begin with the strip. */
export function TroubleLink(): JSX.Element | null {
  const { look } = useLook();
  const { body } = useAlerts();
  if (look?.refusal)
    return (
      <a class="trouble" href="/">
        No answer: what you see is old
      </a>
    );
  if (!body || body.alerts.length === 0) return null;
  const isCritical = body.alerts.some(({ severity }) => severity === "critical");
  return (
    <a class={isCritical ? "trouble" : "warning"} href="/">
      {plural(body.found, "thing is", "things are")} wrong
    </a>
  );
}
