import { registrationInput } from "../../src/core/agents/agent.ts";
import { Problem } from "../../src/core/problem.ts";
import { type Admitted, registerAll } from "../../src/registry/agents/register.ts";
import type { Registry } from "./registry.ts";

/** As many agents as a test needs, by the batch route's own way in: thousands take a second, not a minute. */
export async function populate(
  registry: Registry,
  count: number,
  fieldsOf: (index: number) => Record<string, unknown> = () => ({}),
  namespace = "default",
): Promise<Admitted[]> {
  const newcomers = Array.from({ length: count }, (_, index) => ({
    input: registrationInput.parse({
      id: `agent-${String(index).padStart(5, "0")}`,
      name: "agent",
      type: "worker",
      ...fieldsOf(index),
    }),
    token: undefined,
  }));
  const { config, now } = registry;
  const asker = { name: null, scopes: ["admin" as const], namespace };
  const door = { store: registry.backend.open(namespace), config, asker, region: null, now };
  const admitted = await registerAll(door, newcomers);
  return admitted.map((result) => {
    if (result instanceof Problem) throw result;
    return result;
  });
}
