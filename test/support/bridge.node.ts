/**
 * The Upstash REST protocol in front of a plain redis-server, with faults on demand.
 *
 * One bridge serves all test files at once, so counters and faults belong to a bearer token:
 * a test that makes up its own `test-…` token has the bridge to itself.
 *
 * @see https://upstash.com/docs/redis/features/restapi
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Command, type Redis, ReplyError } from "ioredis";
import {
  type Counters,
  type Fault,
  KINDS,
  type SetClock,
  type SetCopy,
  type WatchScripts,
} from "./bridge-control-protocol.ts";
import { connected } from "./redis-server.node.ts";
import { type Replica, startReplica } from "./replica.node.ts";

const LOG_MAX = 1_000;
/** As Upstash has it, of requests and of replies. */
const MESSAGE_BYTES_MAX = 10_000_000;
const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

/** They would block or alter the one connection all tests share; Upstash refuses them over REST too. */
const UNAVAILABLE =
  /^(B[LRZ].+|WAIT|(UN)?WATCH|MULTI|EXEC|DISCARD|[PS]?SUBSCRIBE|MONITOR|SELECT|HELLO|AUTH|RESET|QUIT)$/;

/** What Upstash may have answered by the nearest copy: plain reads, and scripts in the form that only reads. */
const READS =
  /^(GET|MGET|EXISTS|HGET|HMGET|HKEYS|HSCAN|Z(CARD|RANGE|RANGEBYLEX|MSCORE|SCORE)|X(REV)?RANGE|EVAL(SHA)?_RO)$/;

interface Tenant extends Counters {
  /** Whether reads are answered by the copy. */
  readsFromCopy: boolean;
  /** What TIME answers, ms since the Unix epoch; undefined: the real time */
  clock: number | undefined;
  fault: Required<Fault>;
  stalled: Set<ServerResponse>;
}

type RedisCommand = [name: string, ...args: string[]];
type Endpoint = (redis: Redis, commands: RedisCommand[], base64: boolean) => Promise<unknown>;

const HARMLESS: Required<Fault> = {
  kind: "none",
  status: 500,
  message: WRONG_TYPE,
  after: 0,
  times: Infinity,
};

/** A token may say at which time its tenant's clock stands: `test-at<ms>-…`. */
const clockIn = (token: string): number | undefined => {
  const [, at] = /^test-at(\d+)-/.exec(token) ?? [];
  return at === undefined ? undefined : Number(at);
};

const newTenant = (token: string): Tenant => ({
  clock: clockIn(token),
  readsFromCopy: false,
  requests: 0,
  commands: 0,
  log: [],
  fault: { ...HARMLESS },
  stalled: new Set(),
});

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface BridgeOptions {
  /**
   * Whether the commands of a pipeline are sent one after the other, as tests want it: sent at once they would reach redis
   * as one block and hide every race. Upstash runs them inside the server, so what is measured is better sent at once.
   */
  oneByOne?: boolean;
}

/** @throws if nothing answers on `redisPort` */
export async function startBridge(
  redisPort: number,
  { oneByOne = true }: BridgeOptions = {},
): Promise<{ url: string; stop(): Promise<void> }> {
  const redis = await connected(redisPort);

  const endpoints: Record<string, Endpoint | undefined> = {
    "POST /": single,
    "POST /pipeline": oneByOne ? pipeline : block,
    "POST /multi-exec": multiExec,
  };

  let replica: Promise<Replica> | undefined;

  /** Where the commands go, and how far along the history that place is: a caller's token keeps it from seeing less. */
  async function placeFor(commands: RedisCommand[], token: string): Promise<Redis> {
    const copy = await replica;
    if (!copy || !commands.every(([name]) => READS.test(name))) return redis;
    return (await copy.offsets()).replica >= Number(token) ? copy.redis : redis;
  }

  const tenants = new Map<string, Tenant>();
  function tenantOf(token: string): Tenant {
    const tenant = tenants.get(token) ?? newTenant(token);
    tenants.set(token, tenant);
    return tenant;
  }

  async function serveUpstash(req: IncomingMessage, res: ServerResponse, body: string) {
    const endpoint = endpoints[`${req.method} ${req.url}`];
    if (!endpoint) throw new HttpError(404, "ERR no such endpoint");
    const token = /^Bearer (test-[\w-]+)$/.exec(req.headers.authorization ?? "")?.[1];
    if (!token) throw new HttpError(401, "Unauthorized");

    const tenant = tenantOf(token);
    tenant.requests++;
    if (body.length > MESSAGE_BYTES_MAX) throw new HttpError(413, "ERR max request size exceeded");
    const commands = parseCommands(body, endpoint === single);
    tenant.commands += commands.length;
    tenant.log.push(...commands.map(summary));
    if (tenant.log.length > 2 * LOG_MAX) tenant.log = tenant.log.slice(-LOG_MAX);

    const base64 = req.headers["upstash-encoding"] === "base64";
    const seen = String(req.headers["upstash-sync-token"] ?? "");
    const place = tenant.readsFromCopy ? await placeFor(commands, seen) : redis;
    const run = async () => {
      const replies = atTime(tenant.clock, commands, await endpoint(place, commands, base64), base64);
      const offsets = tenant.readsFromCopy ? await (await replica)?.offsets() : undefined;
      if (offsets) res.setHeader("upstash-sync-token", place === redis ? offsets.primary : offsets.replica);
      return replies;
    };
    const { kind, status, message } = takeFault(tenant.fault);
    switch (kind) {
      case "none":
        return send(res, 200, withinLimit(JSON.stringify(await run())));
      case "status":
        throw new HttpError(status, `ERR status ${status} on demand. Command was: ${body}`);
      case "command-error":
        throw new HttpError(400, `${message}. Command was: ${body}`);
      case "noscript":
        return answer(res, 200, await endpoint(redis, commands.map(forgotten), base64));
      case "garbage":
        return void res.end("<html>not JSON</html>");
      case "stall":
        tenant.stalled.add(res);
        return void res.once("close", () => tenant.stalled.delete(res));
      case "cut-reply":
        await Promise.allSettled([run()]);
        return void res.destroy();
      case "cut":
        return void res.destroy();
    }
  }

  const watched = new Map<string, () => Promise<string[]>>();

  /** Begins to note down the commands that scripts run on keys with a prefix; what it returns ends that. */
  async function watchScripts(prefix: string): Promise<() => Promise<string[]>> {
    // A connection of our own: ioredis takes what is reported right behind MONITOR's own answer for an answer, and ends.
    const connection = connect(redisPort, "127.0.0.1");
    connection.write("MONITOR\r\n");
    const lines = createInterface(connection);
    await once(lines, "line");
    const seen: string[] = [];
    const end = crypto.randomUUID();
    const ended = new Promise<void>((resolve) => {
      lines.on("line", (line) => {
        if (line.includes(end)) resolve();
        const [, name] = /^\+[\d.]+ \[\d+ lua\] "(\w+)"/.exec(line) ?? [];
        if (name && line.includes(` "${prefix}`)) seen.push(name.toUpperCase());
      });
    });
    return async () => {
      await redis.echo(end);
      await ended;
      connection.destroy();
      return seen;
    };
  }

  async function serveControl(action: string, token: string, res: ServerResponse, body: string) {
    const { requests, commands, log, stalled } = tenantOf(token);
    switch (action) {
      case "PUT/clock":
        tenantOf(token).clock = (JSON.parse(body) as SetClock).now;
        return answer(res, 204);
      case "PUT/copy": {
        tenantOf(token).readsFromCopy = true;
        const copy = await (replica ??= startReplica(redisPort));
        await ((JSON.parse(body) as SetCopy).isBehind ? copy.hold() : copy.release());
        return answer(res, 204);
      }
      case "PUT/scripts":
        watched.set(token, await watchScripts((JSON.parse(body) as WatchScripts).prefix));
        return answer(res, 204);
      case "GET/scripts":
        return answer(res, 200, await watched.get(token)!());
      case "GET":
        return answer(res, 200, { requests, commands, log: log.slice(-LOG_MAX) } satisfies Counters);
      case "PUT":
        tenantOf(token).fault = parseFault(body);
        break;
      case "DELETE":
        tenants.delete(token);
        break;
      case "POST/raw":
        return answer(res, 200, await single(redis, parseCommands(body, true), false));
      default:
        throw new HttpError(404, `ERR no such control: ${action}`);
    }
    for (const held of stalled) held.destroy();
    answer(res, 204);
  }

  async function serve(req: IncomingMessage, res: ServerResponse) {
    const body = await text(req);
    const [, token, raw = ""] =
      /^\/control\/(test-[\w-]+)(\/raw|\/clock|\/copy|\/scripts)?$/.exec(req.url ?? "") ?? [];
    return token ? serveControl(req.method + raw, token, res, body) : serveUpstash(req, res, body);
  }

  const server = createServer((req, res) => {
    serve(req, res).catch((error: Error) => answer(res, statusOf(error), { error: error.message }));
  }).listen(0, "127.0.0.1");
  // Never: a request that meets a connection just closed looks like an outage, and a busy machine makes idle times long.
  server.keepAliveTimeout = 0;
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections(); // stalled and kept-alive sockets would hold it open
      await closed;
      redis.disconnect();
      await (await replica)?.stop();
    },
  };
}

const single: Endpoint = async (redis, [command], base64) => ({
  result: encode(await redis.callBuffer(...available(command!)), base64),
});

const pipeline: Endpoint = async (redis, commands, base64) => {
  const settled: unknown[] = [];
  for (const command of commands) {
    settled.push(await single(redis, [command], base64).catch(errorItem));
  }
  return settled;
};

const block: Endpoint = (redis, commands, base64) =>
  Promise.all(commands.map((command) => single(redis, [command], base64).catch(errorItem)));

const multiExec: Endpoint = async (redis, commands, base64) => {
  const transaction = redis.multi();
  for (const command of commands) transaction.callBuffer(...available(command));
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error, reply]) => (error ? errorItem(error) : { result: encode(reply, base64) }));
};

/** Puts the tenant's time in the place of the replies to TIME. */
function atTime(
  clock: number | undefined,
  commands: readonly RedisCommand[],
  replies: unknown,
  base64: boolean,
) {
  if (clock === undefined || !Array.isArray(replies)) return replies;
  const time = [Math.floor(clock / 1000), (clock % 1000) * 1000].map((part) => Buffer.from(String(part)));
  return replies.map((reply: unknown, i) =>
    commands[i]![0] === "TIME" ? { result: encode(time, base64) } : reply,
  );
}

function available(command: RedisCommand): RedisCommand {
  if (!UNAVAILABLE.test(command[0])) return command;
  throw new ReplyError(`ERR Command is not available: '${command[0]}'`);
}

/** As after a restart of redis, yet for this one request alone: redis itself says that it knows no such script. */
const forgotten = ([name, ...args]: RedisCommand): RedisCommand =>
  name.startsWith("EVALSHA") ? [name, "0".repeat(40), ...args.slice(1)] : [name, ...args];

/** Only what redis refused is one item's error; a lost connection fails the whole request. */
function errorItem(error: Error): { error: string } {
  if (!(error instanceof ReplyError)) throw error;
  return { error: error.message };
}

/** OK as the whole reply stays plain; in a list it does not, for there the client decodes every string. */
function encode(reply: unknown, base64: boolean, nested = false): unknown {
  if (Array.isArray(reply)) return reply.map((item) => encode(item, base64, true));
  if (!Buffer.isBuffer(reply)) return reply;
  const plain = reply.toString();
  return base64 && (nested || plain !== "OK") ? reply.toString("base64") : plain;
}

function takeFault(fault: Required<Fault>): Required<Fault> {
  if (fault.after-- > 0) return HARMLESS;
  return fault.times-- > 0 ? fault : HARMLESS;
}

function summary([name, ...args]: RedisCommand): string {
  const [key] = new Command(name, args).getKeys(); // knows that EVALSHA has its keys third
  return key === undefined ? name : `${name} ${String(key)}`;
}

function parseCommands(body: string, alone: boolean): RedisCommand[] {
  const parsed: unknown = JSON.parse(body);
  const list = alone ? [parsed] : parsed;
  if (!Array.isArray(list) || list.length === 0) throw new HttpError(400, "ERR no commands");
  return list.map((command: unknown) => {
    const flat = Array.isArray(command) && command.every((arg) => typeof arg !== "object");
    if (!flat || command.length === 0) throw new HttpError(400, "ERR failed to parse command");
    const [name, ...args] = command.map(String);
    // Upper case, for ioredis reshapes by lower-case name: HGETALL would come back an object.
    return [name!.toUpperCase(), ...args];
  });
}

function parseFault(body: string): Required<Fault> {
  const fault = { ...HARMLESS, ...(JSON.parse(body) as Fault) };
  if (!KINDS.includes(fault.kind)) throw new HttpError(400, `ERR no such fault: ${fault.kind}`);
  return fault;
}

function statusOf(error: Error): number {
  if (error instanceof HttpError) return error.status;
  return error instanceof ReplyError || error instanceof SyntaxError ? 400 : 500;
}

function withinLimit(json: string): string {
  if (json.length > MESSAGE_BYTES_MAX) throw new HttpError(400, "ERR max reply size exceeded");
  return json;
}

function answer(res: ServerResponse, status: number, body?: unknown) {
  send(res, status, JSON.stringify(body));
}

function send(res: ServerResponse, status: number, json: string | undefined) {
  res.writeHead(status, { "content-type": "application/json" }).end(json);
}
