import * as z from "zod";
import { orThrow } from "../../../core/problem.ts";
import { waitUntilReady } from "../../../registry/services/ready.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const TIMEOUT_SECONDS_MAX = 60;
const TIMEOUT_SECONDS_DEFAULT = 30;

const ready = endpoint({
  method: "GET",
  path: "/v1/services/ready",
  operationId: "servicesReady",
  group: "services",
  scope: "read",
  query: z.strictObject({
    service: z.array(z.string().min(1)).min(1).max(50),
    timeout: param.number(0, TIMEOUT_SECONDS_MAX).optional(),
  }),
  refusals: ["invalid_request", "services_not_ready"],
  async handle({ query: { service, timeout = TIMEOUT_SECONDS_DEFAULT }, namespace, now }) {
    const wanted = { services: [...new Set(service)], timeoutMs: timeout * 1000 };
    const { providers, waitedMs } = orThrow(await waitUntilReady(namespace, wanted, now));
    const services = wanted.services.map((name) => ({ service: name, providers: providers.get(name) ?? 0 }));
    return { status: 200, body: { ready: true as const, services, waited_ms: waitedMs } };
  },
});

export const readinessEndpoints = [ready];
