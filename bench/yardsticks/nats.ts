/**
 * Yardstick (d), NATS's key-value store: a key per agent, a heartbeat as a put, and discovery by watching all keys and
 * filtering in the caller.
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-8.md
 */
import { idOf, registrationOf } from "../fleet/agents.ts";
import type { Operation } from "../load/load.ts";
import { NatsConnection } from "../load/nats.ts";
import { type Agent, bestOf } from "./filter.ts";

const AGENTS = "agents";
/** Apart, so that a heartbeat puts little; a discovery that looked here too would take longer still. */
const HEARTBEATS = "heartbeats";

const keyOf = (bucket: string, index: number): string => `$KV.${bucket}.${idOf(index)}`;

/** A fleet whose agents have a connection each, as they have with us. */
export interface NatsFleet {
  size: number;
  connections: NatsConnection[];
}

export async function populateNats(port: number, size: number): Promise<NatsFleet> {
  const connections = await Promise.all(Array.from({ length: size }, () => NatsConnection.open(port)));
  for (const bucket of [AGENTS, HEARTBEATS]) await createBucket(connections[0]!, bucket);
  for (const [index, connection] of connections.entries()) {
    const agent = JSON.stringify({ ...registrationOf(index), last_seen: Date.now() });
    acknowledged(await connection.request(keyOf(AGENTS, index), agent));
  }
  return { size, connections };
}

async function createBucket(connection: NatsConnection, bucket: string): Promise<void> {
  const stream = {
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_msgs_per_subject: 1,
    // The cheapest that it offers; a file is the default.
    storage: "memory",
    num_replicas: 1,
    discard: "new",
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
  };
  acknowledged(await connection.request(`$JS.API.STREAM.CREATE.${stream.name}`, JSON.stringify(stream)));
}

function acknowledged(answer: string): void {
  if (answer.includes('"error"') || answer === "") throw new Error(`NATS answered ${answer}`);
}

export const putHeartbeat =
  ({ size, connections }: NatsFleet): Operation =>
  async (nth) => {
    const index = (nth * 7919) % size;
    const state = JSON.stringify({ status: "available", current_load: nth % 8 });
    acknowledged(await connections[index]!.request(keyOf(HEARTBEATS, index), state));
  };

/** NATS cannot filter by what values say: the caller watches all keys until it has seen each, and looks itself. */
export const discoverByWatch = ({ size, connections }: NatsFleet, limit: number): Operation => {
  // Those who discover at the same time have connections of their own.
  const idle = [...connections];
  return async () => {
    const connection = idle.pop();
    if (!connection) throw new Error("more callers than agents");
    const agents = await watchAll(connection);
    idle.push(connection);
    if (agents.length !== size) throw new Error(`${agents.length} of ${size} agents were watched`);
    if (bestOf(agents, limit).length !== limit) throw new Error("too few agents are watched");
  };
};

async function watchAll(connection: NatsConnection): Promise<Agent[]> {
  const agents: Agent[] = [];
  const seenAll = Promise.withResolvers<void>();
  const { subject, end } = connection.subscribe(({ reply, payload }) => {
    agents.push(JSON.parse(payload.toString()) as Agent);
    // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream's number>.<consumer's number>.<time>.<how many are to come>
    if (reply.endsWith(".0")) seenAll.resolve();
  });
  const consumer = {
    deliver_subject: subject,
    deliver_policy: "last_per_subject",
    filter_subject: `$KV.${AGENTS}.>`,
    ack_policy: "none",
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
  };
  const created = await connection.request(
    `$JS.API.CONSUMER.CREATE.KV_${AGENTS}`,
    JSON.stringify({ stream_name: `KV_${AGENTS}`, config: consumer }),
  );
  acknowledged(created);
  await seenAll.promise;
  end();
  const { name } = JSON.parse(created) as { name: string };
  acknowledged(await connection.request(`$JS.API.CONSUMER.DELETE.KV_${AGENTS}.${name}`, ""));
  return agents;
}
