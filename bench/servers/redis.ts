import { Redis } from "ioredis";
import { request } from "undici";
import type { Counters } from "../../test/support/bridge-control-protocol.ts";
import { forkChild } from "./child.ts";

export const BRIDGE_TOKEN = "test-bench";

/** What Redis has done so far. */
export interface Work {
  /** HTTP requests to the bridge. */
  trips: number;
  /** Commands in them. */
  commands: number;
  /** As Upstash bills: each command, a script as one, and each command that a script runs. */
  billed: number;
  /** Sent to and by Redis, without the overhead of HTTP. */
  bytes: number;
  /** Calls by command name, including those that scripts make. */
  calls: Map<string, number>;
}

export interface RedisRig {
  url: string;
  bridgePid: number;
  redisPid: number;
  version: string;
  /** A connection over TCP, past the bridge. */
  redis: Redis;
  work(): Promise<Work>;
  memoryBytes(): Promise<number>;
  stop(): Promise<void>;
}

/** The variables by which a Worker uses this Redis, with `prefix` for all of its keys. */
export const varsOf = ({ url }: RedisRig, prefix: string): Record<string, string> => ({
  UPSTASH_REDIS_REST_URL: url,
  UPSTASH_REDIS_REST_TOKEN: BRIDGE_TOKEN,
  REDIS_PREFIX: prefix,
  // On a busy machine answers are late; they are to be measured, not refused.
  REDIS_TIMEOUT_MS: "30000",
});

const READING_ITSELF = new Set(["info", "client|setinfo", "client"]);

export async function startRedis(): Promise<RedisRig> {
  const child = await forkChild<{ url: string; port: number }>(new URL("redis.process.ts", import.meta.url));
  const { url, port } = child.ready;
  const redis = new Redis({ port, host: "127.0.0.1" });
  const server = await redis.info("server");
  const field = (info: string, name: string): string =>
    new RegExp(`^${name}:(.+?)\\r?$`, "m").exec(info)![1]!;
  return {
    url,
    bridgePid: child.pid,
    redisPid: Number(field(server, "process_id")),
    version: field(server, "redis_version"),
    redis,
    async work() {
      const answer = await request(`${url}/control/${BRIDGE_TOKEN}`);
      const { requests, commands } = (await answer.body.json()) as Counters;
      const stats = await redis.info("stats");
      const calls = new Map<string, number>();
      for (const [, name, n] of (await redis.info("commandstats")).matchAll(
        /^cmdstat_(\S+?):calls=(\d+)/gm,
      )) {
        if (!READING_ITSELF.has(name!)) calls.set(name!, Number(n));
      }
      return {
        trips: requests,
        commands,
        billed: [...calls.values()].reduce((sum, n) => sum + n, 0),
        bytes: Number(field(stats, "total_net_input_bytes")) + Number(field(stats, "total_net_output_bytes")),
        calls,
      };
    },
    memoryBytes: async () => Number(field(await redis.info("memory"), "used_memory")),
    async stop() {
      redis.disconnect();
      await child.stop();
    },
  };
}
