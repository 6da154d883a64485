import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

const START_TIMEOUT_MS = 10_000;
const MISSING = "no redis-server: run `apt-get install -y redis-server` or `brew install redis`";

/** The end of a pipe reaches this shell however the test runner dies; an exit handler would miss a SIGKILL. */
const GUARD = 'read -r _; kill -9 "$1"; rm -rf "$2"';

/**
 * Starts a real, empty `redis-server` that writes nothing to disk.
 *
 * @throws if the binary is missing (tests fail, they never skip) or PING has no answer within 10 s
 */
export async function startRedisServer(): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), "rollcall-redis-"));
  const args = `--bind 127.0.0.1 --port ${port} --appendonly no --save`.split(" ");
  const child = spawn("redis-server", [...args, "", "--dir", dir], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output = (output + chunk).slice(-2_000)));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) =>
      resolve("code" in error && error.code === "ENOENT" ? MISSING : error.message),
    );
    child.once("exit", () => resolve(`redis-server ended: ${output}`));
  });
  const guard = spawn("/bin/sh", ["-c", GUARD, "sh", String(child.pid ?? ""), dir], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // Ctrl-C signals the whole group, and the guard has to outlive it
  });

  async function stop() {
    child.kill("SIGKILL"); // it has nothing to save
    await ended;
    guard.kill("SIGKILL"); // or it would later kill whatever has got this pid by then
    await rm(dir, { recursive: true, force: true });
  }

  const failure = await Promise.race([ended, silence(port)]);
  if (failure === undefined) return { port, stop };
  await stop();
  throw new Error(failure);
}

/** Resolves to nothing as soon as PING is answered, to a complaint if it never is. */
async function silence(port: number): Promise<string | undefined> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(10)) {
    const socket = connect(port, "127.0.0.1").on("connect", () => socket.write("PING\r\n"));
    const signal = AbortSignal.timeout(1_000);
    const reply = await once(socket, "data", { signal }).catch(() => "not listening yet");
    socket.destroy();
    if (String(reply).startsWith("+PONG")) return undefined;
  }
  return `redis-server did not answer PING within ${START_TIMEOUT_MS} ms`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @throws if nothing answers on the port */
export async function connected(port: number): Promise<Redis> {
  const redis = new Redis({
    port,
    host: "127.0.0.1",
    protocol: 2, // RESP3 would pair members with scores; Upstash lists them flat
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null, // a reconnect would resend, and a resent write would run twice
  });
  redis.on("error", () => {}); // every call that fails rejects by itself
  await redis.connect();
  return redis;
}
