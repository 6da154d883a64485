/** A copy of a redis-server that is as far behind as a test wants: what it is sent goes through a relay that can be held. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Redis } from "ioredis";
import { connected, startRedisServer } from "./redis-server.node.ts";

export interface Replica {
  redis: Redis;
  /** Holds back everything that is written from now on. Whatever was written before has arrived. */
  hold(): Promise<void>;
  /** Lets it through; resolves when all of it has arrived. */
  release(): Promise<void>;
  /** How far the copy and the primary are, in bytes of one history. */
  offsets(): Promise<{ replica: number; primary: number }>;
  stop(): Promise<void>;
}

const ARRIVAL_TIMEOUT_MS = 20_000;

export async function startReplica(primaryPort: number): Promise<Replica> {
  let isHeld = false;
  const sources = new Set<Socket>();
  const relay = createServer((replica) => {
    const source = connect(primaryPort, "127.0.0.1");
    sources.add(source);
    replica.pipe(source);
    source.on("data", (bytes) => replica.write(bytes));
    if (isHeld) source.pause();
    for (const socket of [replica, source]) {
      socket.on("error", () => {});
      socket.once("close", () => {
        sources.delete(source);
        replica.destroy();
        source.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");

  const server = await startRedisServer();
  const [primary, redis] = await Promise.all([connected(primaryPort), connected(server.port)]);
  await primary.config("SET", "repl-diskless-sync-delay", "0");
  await redis.replicaof("127.0.0.1", (relay.address() as AddressInfo).port);

  async function arrived(): Promise<void> {
    // WAIT waits for what its own connection has written.
    await primary.set("bridge:arrived", Date.now());
    const copies = await primary.wait(1, ARRIVAL_TIMEOUT_MS);
    if (copies !== 1) throw new Error(`the copy was not up to date within ${ARRIVAL_TIMEOUT_MS} ms`);
  }
  const offsetOf = async (place: Redis) =>
    Number(/^master_repl_offset:(\d+)/m.exec(await place.info("replication"))?.[1]);
  await arrived();

  return {
    redis,
    async hold() {
      await arrived();
      isHeld = true;
      for (const source of sources) source.pause();
    },
    async release() {
      isHeld = false;
      for (const source of sources) source.resume();
      await arrived();
    },
    async offsets() {
      const [replica, ahead] = await Promise.all([offsetOf(redis), offsetOf(primary)]);
      return { replica, primary: ahead };
    },
    async stop() {
      redis.disconnect();
      primary.disconnect();
      await server.stop();
      relay.close();
      for (const source of sources) source.destroy();
    },
  };
}
