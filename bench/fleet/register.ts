import type { Http } from "../load/http.ts";
import { type Fleet, idOf, registrationOf } from "./agents.ts";

const AT_ONCE = 16;

/**
 * Registers a whole fleet over HTTP, so that it fits any format that the Worker may store.
 *
 * @returns the lease tokens, by the agents' indexes
 */
export async function registerOverHttp(
  http: Http,
  fleet: Fleet,
  registration: (index: number) => object = registrationOf,
): Promise<string[]> {
  const tokens: string[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < fleet.size; index = next++) {
      const text = await http.expect(201, "POST", "/v1/agents", JSON.stringify(registration(index)));
      const { agent_id, lease_token } = JSON.parse(text) as { agent_id: string; lease_token: string };
      if (agent_id !== idOf(index)) throw new Error(`${agent_id} was registered as ${idOf(index)}`);
      tokens[index] = lease_token;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tokens;
}
