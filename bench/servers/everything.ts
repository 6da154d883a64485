import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import type { Http } from "../load/http.ts";
import { endWithUs } from "./end-with-us.ts";
import { freePort } from "./free-port.ts";

const START_TIMEOUT_MS = 20_000;
const SERVER = fileURLToPath(
  new URL(
    "../../test/mcp/node_modules/@modelcontextprotocol/server-everything/dist/index.js",
    import.meta.url,
  ),
);
const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface RunningProcess {
  pid: number;
  stop(): Promise<void>;
}

/** MCP's example server over HTTP. */
export async function startEverything(): Promise<RunningProcess & { url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = start([SERVER, "streamableHttp"], { PORT: String(port) });
  await until("MCP's example server", async () => {
    const { body } = await request(`${url}/mcp`, { method: "GET" });
    await body.dump();
    return true;
  });
  return { ...server, url };
}

/** `rollcall bridge`, once the toolset is healthy. */
export async function startBridge(
  registry: { url: string; key: string; http: Http },
  toolset: string,
  mcpUrl: string,
): Promise<RunningProcess> {
  const env = { ROLLCALL_URL: registry.url, ROLLCALL_KEY: registry.key };
  const bridge = start([CLI, "bridge", toolset, "--mcp-url", mcpUrl], env);
  await until("the bridge", async () => {
    const { status, text } = await registry.http.send("GET", `/v1/toolsets/${toolset}`);
    return status === 200 && (JSON.parse(text) as { health: { healthy: boolean } }).health.healthy;
  });
  return bridge;
}

function start(args: readonly string[], env: Record<string, string>): RunningProcess {
  const child = endWithUs(
    spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  return {
    pid: child.pid!,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function until(what: string, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} does not answer`);
    await sleep(50);
  }
}
