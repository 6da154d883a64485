import { wait } from "../../src/client/clock.ts";
import type { JoinOptions } from "../../src/client/joined-agent.ts";
import { type Registry, registry } from "../../src/client/registry.ts";
import type { Registration } from "../../src/client/shapes.ts";
import type { ClientOptions } from "../../src/client/options.ts";
import { Network } from "./network.ts";

/** A client whose requests all go over this network. */
export const clientOver = (network: Network, options: Partial<ClientOptions> = {}): Registry =>
  registry({ url: "http://registry.test", fetch: network.fetch, ...options }, network.clock);

/**
 * A client whose polls are over after a second if they find nothing.
 *
 * @param answered  when deltas get their answers
 */
export const pollingClient = (network: Network, answered = Promise.resolve()): Registry =>
  clientOver(network, { fetch: pollingFetch(network, 1000, answered) });

/** One on a platform with WebSockets, whose polls are over after 20 s. */
export const clientWithSockets = (network: Network, options: Partial<ClientOptions> = {}): Registry =>
  registry(
    { url: "http://registry.test", fetch: pollingFetch(network, 20_000), ...options },
    network.clock,
    network.Socket,
  );

/** A client whose waits for changes go by the network's clock, as it looks for them once a second. */
export const watchingClient = (network: Network, options: Partial<ClientOptions> = {}): Registry =>
  clientOver(network, { fetch: watchingFetch(network), ...options });

const watchingFetch =
  (network: Network) =>
  async (url: string, init: RequestInit = {}): Promise<Response> => {
    const [asked, seconds] = url.split(/[?&]wait=/);
    for (let looks = Number(seconds ?? 0); ; looks -= 1) {
      const response = await network.fetch(asked!, init);
      if (looks === 0 || !response.ok) return response;
      const { changes, resync } = await response.clone().json<{ changes: unknown[]; resync: boolean }>();
      if (resync || changes.length > 0) return response;
      await wait(network.clock, 1000, init.signal!);
      init.signal!.throwIfAborted();
    }
  };

const pollingFetch =
  (network: Network, pollMs: number, answered = Promise.resolve()) =>
  async (url: string, init: RequestInit = {}): Promise<Response> => {
    if (url.endsWith("/delta")) return network.fetch(url, init).finally(() => answered);
    if (!url.endsWith("/claims")) return network.fetch(url, init);
    const request = { ...(JSON.parse(init.body as string) as object), wait: 0 };
    const response = await network.fetch(url, { ...init, body: JSON.stringify(request) });
    const { messages } = await response.clone().json<{ messages?: unknown[] }>();
    if (messages?.length === 0) await wait(network.clock, pollMs, init.signal!);
    init.signal!.throwIfAborted();
    return response;
  };

export const SCOUT: Registration = { id: "agent/scout", name: "scout", type: "research" };

/** An agent that has joined over a network without faults. */
export async function joined(registration: Registration = SCOUT, options: JoinOptions = {}) {
  const network = new Network();
  const client = clientOver(network);
  const agent = await network.until(client.join(registration, options));
  return { network, client, agent };
}
