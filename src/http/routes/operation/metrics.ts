import { countMetrics, readMetrics } from "../../../registry/metrics.ts";
import { NOBODYS } from "../../../telemetry.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { EXPOSITION_TYPE, expositionOf } from "../../frame/exposition.ts";

const metrics = endpoint({
  method: "GET",
  path: "/metrics",
  operationId: "metrics",
  summary: "What there is, for Prometheus: agents, services, toolsets, the last sweep, the store",
  group: "operation",
  scope: "read",
  answers: { 200: { description: "Prometheus's text format 0.0.4; during an outage rollcall_store_up 0" } },
  refusals: [],
  async handle({ namespace, telemetry, now }) {
    const counted = countMetrics(telemetry.countsOf(namespace.name), telemetry.countsOf(NOBODYS));
    const text = expositionOf([...(await readMetrics(namespace, now)), ...counted]);
    return { status: 200, text, headers: { "Content-Type": EXPOSITION_TYPE } };
  },
});

export const metricEndpoints = [metrics];
