import type { RuntimeServices } from "../../src/client/shapes.ts";
import { clientOver } from "./client.ts";
import { Network } from "./network.ts";

/** A registry where these providers offer `llm`, in their order, and no number of failures opens a breaker. */
export async function serviceOf(ids: readonly string[], breaker: Record<string, number> = {}) {
  const network = new Network();
  const circuit_breaker = { failure_threshold: 1000, ...breaker };
  for (const [priority_group, id] of ids.entries()) {
    const services = [{ service: "llm", priority_group, circuit_breaker }];
    await network.registry.register({
      id,
      ttl_seconds: 86_400,
      heartbeat_interval_seconds: 43_200,
      services,
    });
  }
  return { network, client: clientOver(network) };
}

/** The outcomes that the registry has counted, by provider. */
export async function counted({ registry }: Network) {
  const { body } = await registry.get<RuntimeServices>("/v1/runtime/services");
  return Object.fromEntries(
    Object.values(body.circuit_breaker_stats).map(({ name, total_successes, total_failures }) => [
      name.split(".").at(-1)!,
      { successes: total_successes, failures: total_failures },
    ]),
  );
}
