import { isoTime } from "../../../core/time.ts";
import { lastSweep } from "../../../registry/events.ts";
import { STEP_MS } from "../../../registry/alerts/history.ts";
import { endpoint } from "../../frame/endpoint.ts";

const alerts = endpoint({
  method: "GET",
  path: "/v1/alerts",
  operationId: "listAlerts",
  group: "operation",
  scope: "read",
  refusals: [],
  async handle({ namespace }) {
    const look = (await lastSweep(namespace))?.look;
    const list = look?.alerts.map(({ since, ...alert }) => ({ ...alert, since: isoTime(since) })) ?? [];
    const as_of = look ? isoTime(look.at) : null;
    return { status: 200, body: { as_of, alerts: list, count: list.length, found: look?.found ?? 0 } };
  },
});

const history = endpoint({
  method: "GET",
  path: "/v1/stats/history",
  operationId: "statsHistory",
  group: "operation",
  scope: "read",
  refusals: [],
  async handle({ namespace }) {
    const points = (await lastSweep(namespace))?.history ?? [];
    const shown = points.map(({ at, byStatus, calls }) => ({ at: isoTime(at), by_status: byStatus, calls }));
    return { status: 200, body: { step_seconds: STEP_MS / 1000, points: shown } };
  },
});

export const alertEndpoints = [alerts, history];
