import type { JoinOptions } from "../../src/client/joined-agent.ts";
import { type Registry, registry } from "../../src/client/registry.ts";
import type { Registration } from "../../src/client/shapes.ts";
import type { ClientOptions } from "../../src/client/transport.ts";
import { Network } from "./network.ts";

/** A client whose requests all go over this network. */
export const clientOver = (network: Network, options: Partial<ClientOptions> = {}): Registry =>
  registry({ url: "http://registry.test", fetch: network.fetch, ...options }, network.clock);

export const SCOUT: Registration = { id: "agent/scout", name: "scout", type: "research" };

/** An agent that has joined over a network without faults. */
export async function joined(registration: Registration = SCOUT, options: JoinOptions = {}) {
  const network = new Network();
  const client = clientOver(network);
  const agent = await network.until(client.join(registration, options));
  return { network, client, agent };
}
