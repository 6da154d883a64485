import * as z from "zod";
import { offersOf } from "../../core/offers.ts";
import { Problem } from "../../core/problem.ts";
import { checkHealth } from "../../sweep/health-checks.ts";
import { endpoint } from "../endpoint.ts";
import * as shapes from "../shapes.ts";
import { param } from "../validate.ts";
import { PROVIDERS_MAX } from "./resolve.ts";

const TIMEOUT_SECONDS_MAX = 60;
const POLL_MS = 1000;

const ready = endpoint({
  method: "GET",
  path: "/v1/services/ready",
  operationId: "servicesReady",
  summary: "Wait until each service has a provider that can be selected",
  scope: "read",
  query: z.strictObject({
    service: z.array(z.string().min(1)).min(1).max(50),
    timeout: param.number(0, TIMEOUT_SECONDS_MAX).optional(),
  }),
  answers: { 200: { description: "All are ready", body: shapes.readyServices } },
  refusals: ["invalid_request", "services_not_ready"],
  async handle({ query, store, now, clock, pause }) {
    const services = [...new Set(query.service)];
    const deadline = now + (query.timeout ?? 30) * 1000;
    const providers = new Map<string, number>();
    for (;;) {
      const at = clock();
      await Promise.all(
        services
          .filter((service) => !providers.has(service))
          .map(async (service) => {
            const terms = [`service:${service}`];
            const page = await store.page({ kind: "agent", terms, after: "", limit: PROVIDERS_MAX }, at);
            const fit = offersOf(page.entries, service, at).filter(({ unfit }) => unfit === null);
            if (fit.length > 0) providers.set(service, new Set(fit.map(({ provider }) => provider)).size);
          }),
      );
      const missing = services.filter((service) => !providers.has(service));
      if (missing.length === 0) break;
      const left = deadline - clock();
      if (left <= 0) {
        throw new Problem("services_not_ready", `Not ready: ${missing.join(", ")}.`, {
          missing,
          retryAfterSeconds: 1,
        });
      }
      await pause(Math.min(POLL_MS, left));
    }
    return {
      status: 200,
      body: {
        ready: true,
        services: services.map((service) => ({ service, providers: providers.get(service) })),
        waited_ms: clock() - now,
      },
    };
  },
});

const healthChecks = endpoint({
  method: "POST",
  path: "/v1/services/health-checks",
  operationId: "checkServices",
  summary: "Probe the health_url of up to 200 providers now, as the sweep does",
  scope: "admin",
  answers: {
    200: { description: "{handler}.{service}.{provider}: passed or not", body: shapes.checkResults },
  },
  refusals: [],
  async handle({ prober, now }) {
    const { results, untold } = await checkHealth(prober(), "", now);
    if (untold) throw untold;
    return { status: 200, body: results };
  },
});

export const readinessEndpoints = [ready, healthChecks];
