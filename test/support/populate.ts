import { registrationInput } from "../../src/core/agents/agent.ts";
import { orThrow } from "../../src/core/problem.ts";
import { registerAll, type RegisteredAgent } from "../../src/registry/agents/register.ts";
import type { Registry } from "./registry.ts";

/** As many agents as a test needs, by the batch route's own way in: thousands take a second, not a minute. */
export async function populate(
  registry: Registry,
  count: number,
  fieldsOf: (index: number) => Record<string, unknown> = () => ({}),
  namespace = "default",
): Promise<RegisteredAgent[]> {
  const agents = Array.from({ length: count }, (_, index) => ({
    input: registrationInput.parse({
      id: `agent-${String(index).padStart(5, "0")}`,
      name: "agent",
      type: "worker",
      ...fieldsOf(index),
    }),
    token: undefined,
    idempotencyKey: undefined,
    region: null,
  }));
  const asker = { name: null, scopes: ["admin" as const], namespace };
  const results = await registerAll(registry.open(namespace), asker, agents, registry.now);
  return results.map(orThrow);
}
