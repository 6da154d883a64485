import { request } from "undici";
import { freePort } from "./free-port.ts";
import { type RunningProgram, startProgram } from "./program.ts";

/** A single etcd with its JSON gateway. @throws if it is not installed */
export async function startEtcd(): Promise<RunningProgram & { url: string }> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    "log-level": "error",
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
  };
  const args = (dir: string) =>
    Object.entries({ ...flags, "data-dir": dir }).map(([name, value]) => `--${name}=${value}`);
  const isHealthy = async () => {
    const { body } = await request(`${url}/health`);
    return (await body.text()).includes("true");
  };
  return { ...(await startProgram("etcd", args, isHealthy)), url };
}
