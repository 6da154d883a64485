import type { Config } from "./config.ts";
import { durableStore } from "./store/embedded/durable-store.ts";
import { Connection } from "./store/redis/connection.ts";
import { KNOWN_BYTES_MAX, KnownDocuments } from "./store/redis/known-documents.ts";
import { redisStore } from "./store/redis/redis-store.ts";
import { type Shard, shardedStore } from "./store/sharded/sharded-store.ts";
import type { Store } from "./store/store.ts";

/**
 * Which store each namespace has: Redis where one is set, in the databases that list the namespace, else in the first; or
 * the embedded store, in as many objects as are set.
 *
 * @param objectNamed  a stub of the embedded store's object
 */
export function storesOf(
  config: Config,
  objectNamed: (name: string) => object,
): (namespace: string) => Store {
  return config.redis
    ? inRedis(config.redis, config.databases)
    : inObjects(config.embeddedShards, objectNamed);
}

function inRedis(
  redis: NonNullable<Config["redis"]>,
  databases: Config["databases"],
): (namespace: string) => Store {
  const documentBytes = KNOWN_BYTES_MAX / (databases.length + 1);
  const opened = (database: { url: string; token: string }) => {
    const connection = new Connection({ ...redis, ...database });
    const documents = new KnownDocuments(documentBytes);
    return (namespace: string) => redisStore({ connection, prefix: redis.prefix, namespace, documents });
  };
  const common = opened(redis);
  const named = databases.map((database) => ({ ...database, open: opened(database) }));
  return (namespace) => {
    const listing = named.filter(({ namespaces }) => namespaces.includes(namespace));
    return together(listing.map(({ name, open }) => ({ name, store: open(namespace) }))) ?? common(namespace);
  };
}

/** The first object is the one that there is without shards: some entries are where they were. */
const inObjects =
  (shards: number, objectNamed: (name: string) => object) =>
  (namespace: string): Store => {
    const first = durableStore(() => objectNamed(namespace));
    const others = Array.from({ length: shards - 1 }, (_, i) => ({
      name: String(i + 2),
      store: durableStore(() => objectNamed(`${namespace}\x1f${i + 2}`)),
    }));
    return together([{ name: "1", store: first }, ...others]) ?? first;
  };

function together(shards: readonly Shard[]): Store | undefined {
  const [first, ...others] = shards;
  if (!first || others.length === 0) return first?.store;
  return shardedStore([first, ...others]);
}
