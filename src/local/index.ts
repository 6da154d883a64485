import { type Config, parseConfig } from "../config.ts";
import { storeUnavailable } from "../core/problem.ts";
import { deployment, objectName } from "../deployment.ts";
import { durableGateway, hostedGateway } from "../gateway/durable-gateway.ts";
import { durablePool, hostedPool } from "../pool/durable-pool.ts";
import { durableStore, hostedRegistry } from "../store/embedded/durable-store.ts";
import { durableWebhooks, hostedWebhooks } from "../webhooks/durable-webhooks.ts";
import { type Clock, Pauses, systemClock } from "./clock.ts";
import { Cron } from "./cron.ts";
import { directory, memory } from "./databases.ts";
import { LocalObjects, type ObjectsOptions } from "./objects.ts";
import { Requests } from "./requests.ts";
import { sqlite } from "./sqlite.ts";

export type { Clock };

export interface LocalOptions {
  /** The deployment's variables, such as `API_KEYS` or `AGENT_TTL_SECONDS`. Without keys everyone may do everything. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * Where it keeps its files, so that it goes on with them the next time: a directory of its own, made if it is missing. One
   * registry at a time may have it open. Without it everything is kept in memory, until the registry is closed.
   */
  directory?: string | undefined;
  /** In place of the machine's. */
  clock?: Clock | undefined;
}

/** A registry in this process; `createClient(local)` makes a client of it. */
export interface LocalRegistry extends AsyncDisposable {
  /** What requests have to begin with. Nothing listens there. */
  readonly url: string;
  /**
   * Answers a request, as the global `fetch` does.
   *
   * @throws {TypeError} once the registry is closed, and for a WebSocket; or the signal's reason
   */
  readonly fetch: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Ends what waits, with `store_unavailable`; lets the other requests end; closes what it has opened. May be
   * called again.
   */
  readonly close: () => Promise<void>;
}

const SWEEP_EVERY_MS = 60_000;
/** Open access is for this machine alone, so the name has to be of this machine. */
const URL = "http://localhost";

/**
 * Starts a registry in this process: all that a deployment does, but for WebSockets and the files that browsers load: of the dashboard it answers the shell alone. Two of
 * them share nothing. Holds no process open, but while a request is answered.
 *
 * ```ts
 * await using local = localRegistry();
 * const registry = createClient(local);
 * ```
 *
 * @throws {Error} on a Node.js before 22.13, where `env` makes no sense, and where the directory is open already or cannot be
 * written
 */
export function localRegistry(options: LocalOptions = {}): LocalRegistry {
  const { env = {}, directory: path, clock = systemClock } = options;
  const openDatabase = sqlite();
  const config = configOf(env);
  const now = () => clock.now();
  const storage = path === undefined ? memory(openDatabase) : directory(openDatabase, path);
  const objects = (name: string, run: ObjectsOptions["run"]) =>
    new LocalObjects({ clock, run, databases: storage.databasesOf(name) });
  const registries = objects("registry", (host) => hostedRegistry(host, now));
  const pools = objects("pool", (host) => hostedPool(host, isOffered));
  const gateways = objects("gateway", (host) => hostedGateway(host, isRegistered));
  const senders = objects("webhooks", (host) => hostedWebhooks(host, webhooksOf(host.name)));
  const pauses = new Pauses(clock);
  const { app, sweep, isOffered, isRegistered, webhooksOf } = deployment(config, {
    openStore: (namespace) => durableStore(() => registries.stub(namespace)),
    openPool: (namespace, service) => durablePool(() => pools.stub(objectName(namespace, service))),
    openGateway: (...names) => durableGateway(() => gateways.stub(objectName(...names))),
    openWebhooks: (namespace) => durableWebhooks(() => senders.stub(namespace)),
    clock: now,
    pause: (ms) => pauses.pause(ms),
  });
  const requests = new Requests((request) => app.fetch(request));
  const sweeps = new Cron(clock, SWEEP_EVERY_MS, sweep);

  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      pauses.end(storeUnavailable("close", undefined));
      await Promise.all([requests.end(), sweeps.end()]);
      await Promise.all([senders, registries, pools, gateways].map((all) => all.close()));
      storage.close();
    })());
  return {
    url: URL,
    fetch: (input, init) => requests.answer(new Request(input, init)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function configOf(env: Readonly<Record<string, string>>): Config {
  const config = parseConfig({ ACCESS: "open", ...env });
  if (config.access.mode === "closed") throw new Error(config.access.why);
  if (config.redis) throw new Error("rollcall/local keeps its entries in SQLite, not in Redis.");
  if (config.embeddedShards > 1)
    throw new Error("rollcall/local keeps a namespace in one object: EMBEDDED_SHARDS is 1.");
  return config;
}
