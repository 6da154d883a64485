import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Proxy {
  url: string;
  /** The first line of each request that passed, without the version: `GET /v1/agents`. */
  requests: string[];
  /** Breaks every connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** Passes what it gets on to a server on this machine, but for requests for a WebSocket if `lets` them not. */
export async function startProxy(target: string, lets: { sockets: boolean }): Promise<Proxy> {
  const { port } = new URL(target);
  const requests: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
      socket.on("error", () => other.destroy());
    }
    upstream.pipe(client);
    client.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      for (const [, line] of text.matchAll(/^([A-Z]+ \/\S*) HTTP\/1\.1\r$/gm)) requests.push(line!);
      upstream.write(lets.sockets ? chunk : Buffer.from(text.replace(/^upgrade:/im, "dropped:"), "latin1"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut,
    async stop() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
