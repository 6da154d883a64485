import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Counters, Fault } from "../support/bridge-control-protocol.ts";
import { startBridge } from "../support/bridge.node.ts";
import { startRedisServer } from "../support/redis-server.node.ts";

let server: Awaited<ReturnType<typeof startRedisServer>>;
let bridge: Awaited<ReturnType<typeof startBridge>>;
let token: string;

beforeAll(async () => {
  server = await startRedisServer();
  bridge = await startBridge(server.port);
});
afterAll(async () => {
  await bridge.stop();
  await server.stop();
});
beforeEach(() => {
  token = `test-${crypto.randomUUID()}`;
});

const headers = (extra?: Record<string, string>) => ({
  authorization: `Bearer ${token}`,
  ...extra,
});
const post = (path: string, body: unknown, extra?: Record<string, string>) =>
  fetch(bridge.url + path, { method: "POST", headers: headers(extra), body: JSON.stringify(body) });
const command = async (...args: unknown[]) => (await post("/", args)).json();
const control = (method: string, body?: unknown, raw = "") =>
  fetch(`${bridge.url}/control/${token}${raw}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const plant = (fault: Fault) => control("PUT", fault);
const counters = async () => (await (await control("GET")).json()) as Counters;
const peek = async (...args: unknown[]) =>
  ((await (await control("POST", args, "/raw")).json()) as { result: unknown }).result;
const answers = async (response: Response) => [response.status, await response.json()];
const key = (name: string) => `${token}:${name}`;

describe("protocol", () => {
  it("answers a result of the type redis gave: text, integer, nil, list", async () => {
    expect(await command("SET", key("a"), "1")).toEqual({ result: "OK" });
    expect(await command("GET", key("a"))).toEqual({ result: "1" });
    expect(await command("INCR", key("a"))).toEqual({ result: 2 });
    expect(await command("GET", key("none"))).toEqual({ result: null });
    expect(await command("MGET", key("a"), key("none"))).toEqual({ result: ["2", null] });
  });

  it("takes numbers and booleans as arguments", async () => {
    expect(await command("RPUSH", key("l"), 1.5, true)).toEqual({ result: 2 });
    expect(await command("LRANGE", key("l"), 0, -1)).toEqual({ result: ["1.5", "true"] });
  });

  it("keeps hashes and scores as redis sends them, whatever the case of the command", async () => {
    await command("hset", key("h"), "f", "v");
    await command("zadd", key("z"), 1, "m");
    expect(await command("hgetall", key("h"))).toEqual({ result: ["f", "v"] });
    expect(await command("zscore", key("z"), "m")).toEqual({ result: "1" });
    const scored = await command("zrange", key("z"), 0, -1, "withscores");
    expect(scored).toEqual({ result: ["m", "1"] });
  });

  it("answers 400 and the message of redis when it refuses a command", async () => {
    expect(await answers(await post("/", ["NOPE"]))).toEqual([
      400,
      { error: expect.stringMatching(/^ERR unknown command/) },
    ]);
    const missing = await post("/", ["EVALSHA", "0".repeat(40), 0]);
    expect(await answers(missing)).toEqual([400, { error: expect.stringMatching(/^NOSCRIPT /) }]);
  });

  it.each(["BLPOP", "WATCH", "MULTI", "SUBSCRIBE"])("refuses %s, as Upstash does", async (name) => {
    expect(await answers(await post("/", [name, "k", 0]))).toEqual([
      400,
      { error: `ERR Command is not available: '${name}'` },
    ]);
  });

  it("goes on after a failed command in a pipeline", async () => {
    const batch = [["SET", key("a"), "x"], ["INCR", key("a")], ["NOPE"], ["GET", key("a")]];
    expect(await answers(await post("/pipeline", batch))).toEqual([
      200,
      [
        { result: "OK" },
        { error: "ERR value is not an integer or out of range" },
        { error: expect.stringMatching(/^ERR unknown command/) },
        { result: "x" },
      ],
    ]);
  });

  it("reports a command that fails inside a transaction in its place", async () => {
    const batch = [
      ["SET", key("a"), "x"],
      ["INCR", key("a")],
      ["HGETALL", key("h")],
    ];
    expect(await answers(await post("/multi-exec", batch))).toEqual([
      200,
      [{ result: "OK" }, { error: "ERR value is not an integer or out of range" }, { result: [] }],
    ]);
  });

  it("runs nothing of a transaction that redis refuses", async () => {
    const response = await post("/multi-exec", [["SET", key("a"), "x"], ["NOPE"]]);
    expect(await answers(response)).toEqual([400, { error: expect.stringMatching(/^EXECABORT/) }]);
    expect(await peek("EXISTS", key("a"))).toBe(0);
  });

  it("lets nothing in between the commands of a transaction, but does in a pipeline", async () => {
    const increments = Array.from({ length: 50 }, () => ["INCR", key("n")]);
    const gapless = async (path: string) => {
      const all = await Promise.all(Array.from({ length: 8 }, () => post(path, increments)));
      const lists = (await Promise.all(all.map((r) => r.json()))) as { result: number }[][];
      return lists.every((list) => list.every(({ result }, i) => result === list[0]!.result + i));
    };
    expect(await gapless("/multi-exec")).toBe(true);
    expect(await gapless("/pipeline")).toBe(false);
  });

  it("encodes every string but a plain OK when base64 is asked for", async () => {
    const base64 = { "upstash-encoding": "base64" };
    const text = "naïve ☂ 🦆";
    const encoded = Buffer.from(text).toString("base64");
    expect(await (await post("/", ["SET", key("a"), text], base64)).json()).toEqual({
      result: "OK",
    });
    expect(await (await post("/", ["GET", key("a")], base64)).json()).toEqual({ result: encoded });
    const script = "return {redis.call('GET', KEYS[1]), {'OK', 7, {KEYS[2]}}, false}";
    const nested = await post("/", ["EVAL", script, 2, key("a"), "k"], base64);
    expect(await nested.json()).toEqual({ result: [encoded, ["T0s=", 7, ["aw=="]], null] });
    for (const path of ["/pipeline", "/multi-exec"]) {
      const list = await post(path, [["GET", key("a")], ["PING"], ["STRLEN", key("a")]], base64);
      expect(await list.json()).toEqual([
        { result: encoded },
        { result: "UE9ORw==" },
        { result: Buffer.byteLength(text) },
      ]);
    }
  });

  it("carries bytes that are not UTF-8 through base64 unchanged", async () => {
    await command("SETBIT", key("bits"), 0, 1);
    const response = await post("/", ["GET", key("bits")], { "upstash-encoding": "base64" });
    expect(await response.json()).toEqual({ result: Buffer.from([0x80]).toString("base64") });
  });

  it.each(["", "Bearer ", "Bearer secret", "Bearer test-", "Basic test-a", "Bearer test-a b"])(
    "answers 401 to the authorization %j",
    async (authorization) => {
      const init = { method: "POST", headers: { authorization }, body: '["PING"]' };
      expect(await answers(await fetch(bridge.url, init))).toEqual([401, { error: "Unauthorized" }]);
    },
  );

  it.each([
    ["/", "{"],
    ["/", "[]"],
    ["/", '"PING"'],
    ["/", '["SET","k",null]'],
    ["/", '[["PING"]]'],
    ["/pipeline", '["PING"]'],
    ["/multi-exec", "[]"],
  ])("answers 400 to %s %s", async (path, body) => {
    const response = await fetch(bridge.url + path, { method: "POST", headers: headers(), body });
    expect(await answers(response)).toEqual([400, { error: expect.stringMatching(/./) }]);
  });

  it("answers 404 to what is not in the protocol", async () => {
    expect((await post("/nope", ["PING"])).status).toBe(404);
    expect((await fetch(bridge.url, { headers: headers() })).status).toBe(404);
  });
});

describe("the real client", () => {
  it.each([
    ["base64", {}],
    ["plain", { responseEncoding: false }],
  ] as const)("gets back exactly what it stored, over %s", async (_, encoding) => {
    const redis = new Redis({
      url: bridge.url,
      token,
      automaticDeserialization: false,
      enableAutoPipelining: false,
      enableTelemetry: false,
      retry: { retries: 0 },
      ...encoding,
    });
    const text = '{"n":12345678901234567,"s":"ü🦆\\u0000"}';
    expect(await redis.set(key("a"), text)).toBe("OK");
    expect(await redis.get(key("a"))).toBe(text);
    expect(await redis.get(key("none"))).toBeNull();
    await redis.hset(key("h"), { ok: "OK", n: "007" });
    expect(await redis.hgetall(key("h"))).toEqual(["ok", "OK", "n", "007"]);
    expect(await redis.pipeline().get(key("a")).strlen(key("h2")).exec()).toEqual([text, 0]);
    expect(await redis.multi().incr(key("n")).incr(key("n")).exec()).toEqual([1, 2]);

    const script = redis.createScript(`return {KEYS[1], ARGV[1], {'OK'}} -- ${token}`);
    expect(await script.exec(["k"], [text])).toEqual(["k", text, ["OK"]]);
    expect(await script.exec(["k"], ["ü"])).toEqual(["k", "ü", ["OK"]]);
    expect((await counters()).log.slice(-3)).toEqual(["EVALSHA k", "EVAL k", "EVALSHA k"]);

    await expect(redis.incr(key("a"))).rejects.toThrow("ERR value is not an integer");
    await plant({ kind: "command-error" });
    await expect(redis.set("k", "secret-value")).rejects.toThrow(/WRONGTYPE .*secret-value/);
  });
});

describe("counters", () => {
  it("counts requests, and the commands inside them, for one token alone", async () => {
    await command("SET", key("a"), "x");
    await post("/pipeline", [["GET", key("a")], ["PING"]]);
    await post("/multi-exec", [
      ["GET", key("a")],
      ["EVAL", "return 1", 1, key("b")],
      ["NOPE", "z"],
    ]);
    const log = [`SET ${key("a")}`, `GET ${key("a")}`, "PING", `GET ${key("a")}`, `EVAL ${key("b")}`, "NOPE"];
    expect(await counters()).toEqual({ requests: 3, commands: 6, log });
    token = `${token}-other`;
    expect(await counters()).toEqual({ requests: 0, commands: 0, log: [] });
  });

  it("counts the requests a fault harms", async () => {
    await plant({ kind: "status", status: 503 });
    await command("GET", "k");
    expect(await counters()).toEqual({ requests: 1, commands: 1, log: ["GET k"] });
  });

  it("logs the newest 1,000 commands", async () => {
    await post(
      "/pipeline",
      Array.from({ length: 1_001 }, (_, i) => ["EXISTS", `k${i}`]),
    );
    const { commands, log } = await counters();
    expect([commands, log.length, log[0], log.at(-1)]).toEqual([1_001, 1_000, "EXISTS k1", "EXISTS k1000"]);
  });

  it("forgets counters and faults on DELETE", async () => {
    await plant({ kind: "cut" });
    await expect(command("PING")).rejects.toThrow("fetch failed");
    expect((await control("DELETE")).status).toBe(204);
    expect(await counters()).toEqual({ requests: 0, commands: 0, log: [] });
    expect(await command("PING")).toEqual({ result: "PONG" });
  });

  it("runs a raw command uncounted and unharmed", async () => {
    await plant({ kind: "cut" });
    expect(await peek("SET", key("a"), "x")).toBe("OK");
    expect(await peek("GET", key("a"))).toBe("x");
    expect(await answers(await control("POST", ["NOPE"], "/raw"))).toEqual([
      400,
      { error: expect.any(String) },
    ]);
    expect((await counters()).requests).toBe(0);
  });
});

describe("faults", () => {
  const set = () => post("/", ["SET", key("a"), "secret-value"]);
  const stored = () => peek("GET", key("a"));

  it.each([500, 503, 429])("status: answers %i with the whole command, and runs nothing", async (status) => {
    await plant({ kind: "status", status });
    expect(await answers(await set())).toEqual([
      status,
      { error: expect.stringContaining(`["SET","${key("a")}","secret-value"]`) },
    ]);
    expect(await stored()).toBeNull();
  });

  it("command-error: answers 400 with the whole command, and runs nothing", async () => {
    await plant({ kind: "command-error" });
    const error = `WRONGTYPE Operation against a key holding the wrong kind of value. Command was: ["SET","${key("a")}","secret-value"]`;
    expect(await answers(await set())).toEqual([400, { error }]);
    expect(await stored()).toBeNull();
  });

  it("garbage: answers 200 that is not JSON, and runs nothing", async () => {
    await plant({ kind: "garbage" });
    const response = await set();
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
    expect(await stored()).toBeNull();
  });

  it("cut: drops the connection before the command runs", async () => {
    await plant({ kind: "cut" });
    await expect(set()).rejects.toThrow("fetch failed");
    expect(await stored()).toBeNull();
  });

  it("cut-reply: drops the connection after the command ran", async () => {
    await plant({ kind: "cut-reply" });
    await expect(set()).rejects.toThrow("fetch failed");
    expect(await stored()).toBe("secret-value");
  });

  it("noscript: knows no script that is called by its digest, and runs all else", async () => {
    const script = "return redis.call('SET', KEYS[1], ARGV[1])";
    const digest = await peek("SCRIPT", "LOAD", script);
    const commands = [
      ["EVALSHA", digest, 1, key("a"), "x"],
      ["EVAL", script, 1, key("b"), "y"],
    ];
    await plant({ kind: "noscript", times: 1 });
    expect(await (await post("/pipeline", commands)).json()).toEqual([
      { error: expect.stringMatching(/^NOSCRIPT/) },
      { result: "OK" },
    ]);
    expect(await peek("MGET", key("a"), key("b"))).toEqual([null, "y"]);
    expect((await counters()).log).toEqual([`EVALSHA ${key("a")}`, `EVAL ${key("b")}`]);
    expect(await command("EVALSHA", digest, 1, key("a"), "x")).toEqual({ result: "OK" });
  });

  it("stall: never answers, and lets go when the client hangs up", async () => {
    await plant({ kind: "stall" });
    const init = { method: "POST", headers: headers(), body: '["PING"]' };
    await expect(fetch(bridge.url, { ...init, signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
    expect(await counters()).toMatchObject({ requests: 1, log: ["PING"] });
  });

  it.each(["PUT", "DELETE"])("stall: lets go on a %s of the control", async (method) => {
    await plant({ kind: "stall" });
    const dropped = expect(set()).rejects.toThrow("fetch failed");
    await vi.waitFor(async () => expect((await counters()).requests).toBe(1));
    await control(method, method === "PUT" ? { kind: "none" } : undefined);
    await dropped;
    expect((await set()).status).toBe(200);
  });

  it("after and times: harms those requests and no others, of that token alone", async () => {
    await plant({ kind: "status", status: 503, after: 2, times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await set()).status);
    expect(statuses).toEqual([200, 200, 503, 503, 200, 200]);
    await plant({ kind: "status", status: 503 });
    token = `${token}-other`;
    expect((await set()).status).toBe(200);
  });

  it("refuses a fault or a control it does not know", async () => {
    expect((await plant({ kind: "stal" as "stall" })).status).toBe(400);
    expect((await control("PATCH", {})).status).toBe(404);
  });
});

describe("lifetime", () => {
  it("stops at once in spite of stalled and kept-alive connections", async () => {
    const other = await startBridge(server.port);
    const init = { method: "POST", headers: headers(), body: '["PING"]' };
    await (await fetch(other.url, init)).text();
    await fetch(`${other.url}/control/${token}`, { method: "PUT", body: '{"kind":"stall"}' });
    const dropped = expect(fetch(other.url, init)).rejects.toThrow("fetch failed");
    await vi.waitFor(async () => {
      const response = await fetch(`${other.url}/control/${token}`);
      expect(((await response.json()) as Counters).requests).toBe(2);
    });
    const before = performance.now();
    await other.stop();
    expect(performance.now() - before).toBeLessThan(500);
    await dropped;
  });

  it("answers 500 once redis is gone, and never starts without it", async () => {
    const own = await startRedisServer();
    const other = await startBridge(own.port);
    await own.stop();
    for (const [path, body] of [
      ["", '["PING"]'],
      ["/pipeline", '[["PING"]]'],
      ["/multi-exec", '[["PING"]]'],
    ]) {
      const response = await fetch(other.url + path, {
        method: "POST",
        headers: headers(),
        body: body!,
      });
      expect(response.status).toBe(500);
    }
    await other.stop();
    await expect(startBridge(own.port)).rejects.toThrow();
  });

  it("says how to install a redis-server that is missing", async () => {
    vi.stubEnv("PATH", "/nonexistent");
    await expect(startRedisServer()).rejects.toThrow("apt-get install -y redis-server");
    vi.unstubAllEnvs();
  });

  it("ends redis-server with its parent, even one that is killed", async () => {
    const support = new URL("../support/redis-server.node.ts", import.meta.url);
    const script = `console.log((await (await import("${support.href}")).startRedisServer()).port)`;
    const node = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
    const parent = spawn(node, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(parent.stdout, "data");
    const reach = async () => {
      const socket = connect(Number(line), "127.0.0.1");
      await once(socket, "connect").finally(() => socket.destroy());
    };
    await reach();
    parent.kill("SIGKILL");
    await vi.waitFor(() => expect(reach()).rejects.toThrow("ECONNREFUSED"), 5_000);
  });
});
