import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./program.ts";

/** A single NATS server with JetStream, on which its key-value store is built. @throws if it is not installed */
export async function startNats(): Promise<RunningProgram & { port: number }> {
  const port = await freePort();
  const args = (dir: string) => ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", dir];
  const isListening = async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "data");
    socket.destroy();
    return true;
  };
  return { ...(await startProgram("nats-server", args, isListening)), port };
}
