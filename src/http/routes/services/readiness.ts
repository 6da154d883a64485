import * as z from "zod";
import { offersOf } from "../../../core/services/offers.ts";
import { Problem } from "../../../core/problem.ts";
import type { Store } from "../../../store/store.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";
import { param } from "../../frame/validate.ts";
import { PROVIDERS_MAX } from "./resolve.ts";

const TIMEOUT_SECONDS_MAX = 60;
const POLL_MS = 1000;
const ALL_PROVIDERS_MAX = 5000;

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
      const wanted = services.filter((service) => !providers.has(service));
      for (const [service, fit] of await fitProviders(store, wanted, clock())) providers.set(service, fit);
      const missing = services.filter((service) => !providers.has(service));
      if (missing.length === 0) break;
      const left = deadline - clock();
      if (left <= 0) {
        throw new Problem("services_not_ready", `Not ready: ${missing.join(", ")}.`, {
          missing,
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

/** How many selectable providers each service has that has any: one round trip, unless there are more than one can carry. */
async function fitProviders(
  store: Store,
  services: readonly string[],
  now: number,
): Promise<Map<string, number>> {
  const read = (term: string, limit: number) =>
    store.page({ kind: "agent", terms: [term], after: "", limit }, now);
  const all = services.length > 1 ? await read("service", ALL_PROVIDERS_MAX) : undefined;
  const found = new Map<string, number>();
  await Promise.all(
    services.map(async (service) => {
      const { entries } = all?.next === null ? all : await read(`service:${service}`, PROVIDERS_MAX);
      const fit = offersOf(entries, service, now).filter(({ notSelectable }) => notSelectable === null);
      if (fit.length > 0) found.set(service, new Set(fit.map(({ provider }) => provider)).size);
    }),
  );
  return found;
}

export const readinessEndpoints = [ready];
