import type { Registration } from "../../../core/agents/agent.ts";

/** The two parts of an address, which source 2 keeps apart. */

const HOST_AND_PORT = /^([^:\s]+|\[[^\]\s]+\]):(\d{1,5})$/;

/**
 * A registration with its port taken from the host (`cost-agent:8001`, `[::1]:8001`), where no port comes beside it. Clients in
 * Go send 0 for none.
 */
export function splitAddress(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  const { host, port } = body as { host?: unknown; port?: unknown };
  if (typeof host !== "string" || (port ?? 0) !== 0) return body;
  const [, name, number] = HOST_AND_PORT.exec(host) ?? [];
  return name === undefined ? body : { ...body, host: name, port: Number(number) };
}

/** Where an agent is reached: its own host and port, else its endpoint's; "" and 0 for what nobody said. */
export function addressOf({ host, port, endpoint }: Registration): { host: string; port: number } {
  if (endpoint === undefined || (host !== undefined && port !== undefined)) {
    return { host: host ?? "", port: port ?? 0 };
  }
  const { protocol, hostname, port: stated } = new URL(endpoint);
  const isSecure = ["https:", "wss:", "grpcs:"].includes(protocol);
  return { host: hostname, port: Number(stated) || (isSecure ? 443 : 80) };
}
