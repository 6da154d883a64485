import { countMetrics, readMetrics } from "../../../registry/metrics.ts";
import { NOBODYS } from "../../../telemetry.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { EXPOSITION_TYPE, expositionOf } from "../../frame/exposition.ts";

const metrics = endpoint({
  method: "GET",
  path: "/metrics",
  operationId: "metrics",
  group: "operation",
  scope: "read",
  refusals: [],
  async handle({ namespace, telemetry, now }) {
    const counted = countMetrics(telemetry.countsOf(namespace.name), telemetry.countsOf(NOBODYS));
    const text = expositionOf([...(await readMetrics(namespace, now)), ...counted]);
    return { status: 200, text, headers: { "Content-Type": EXPOSITION_TYPE } };
  },
});

export const metricEndpoints = [metrics];
