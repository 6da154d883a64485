import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { mapConcurrently } from "../support/map-concurrently.ts";

/** The Worker as a deploy would bundle it, running in workerd, spoken to over HTTP by nothing but fetch. */

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
const CALLERS = ["ann", "ben", "cat", "dan", "eve"];
const NAMES = ["provider", ...CALLERS];
const tokenOf = (name: string) => `token-of-${name}`;
const apiKeys = NAMES.map((name) => ({
  name,
  sha256: createHash("sha256").update(tokenOf(name)).digest("hex"),
  scopes: ["read", "write"],
}));

const SCHEMA = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
const TOOLS = [
  { name: "shout", payload_schema: SCHEMA, result_schema: SCHEMA },
  { name: "reverse", payload_schema: SCHEMA, result_schema: SCHEMA },
];
const CARRY_OUT: Record<string, (given: string) => string> = {
  shout: (given) => given.toUpperCase(),
  reverse: (given) => given.split("").toReversed().join(""),
};

const halvesOf = (whole: string): [string, string] => {
  const middle = Math.ceil(whole.length / 2);
  return [whole.slice(0, middle), whole.slice(middle)];
};

interface ClaimedCall {
  type: "call";
  claim_id: string;
  call_id: string;
  tool: string;
  payload: { text: string };
}
type Message = { type: "ping"; ping_id: string } | ClaimedCall;

/** What one key says to the deployment. */
class Client {
  readonly #url: URL;
  readonly #headers: Record<string, string>;

  constructor(url: URL, name: string) {
    this.#url = url;
    this.#headers = { Authorization: `Bearer ${tokenOf(name)}`, "Content-Type": "application/json" };
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.#headers, ...(init.headers as Record<string, string>) };
    return fetch(new URL(path, this.#url), { ...init, headers });
  }

  async post<T>(path: string, body: unknown, init: RequestInit = {}): Promise<T> {
    const response = await this.fetch(path, { method: "POST", body: JSON.stringify(body), ...init });
    const answered = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answered}`);
    return JSON.parse(answered) as T;
  }
}

interface Polling {
  /** s */
  wait: number;
  max: number;
  signal: AbortSignal;
}

/** A provider as anybody might write one: it registers, and each of its consumers polls, pongs and carries out. */
class Provider {
  readonly carriedOut: string[] = [];
  readonly #client: Client;
  readonly #path: string;
  readonly #stop = new AbortController();
  #headers: Record<string, string> = {};
  #consumers: Promise<void>[] = [];

  constructor(url: URL, toolset: string) {
    this.#client = new Client(url, "provider");
    this.#path = `/v1/toolsets/${toolset}`;
  }

  async register(): Promise<void> {
    const name = this.#path.split("/").at(-1);
    const { lease_token } = await this.#client.post<{ lease_token: string }>("/v1/toolsets", {
      name,
      tools: TOOLS,
    });
    this.#headers = { "Lease-Token": lease_token };
    await this.poll("first");
  }

  /** One poll: what came is answered, a ping at once; the calls are given back. */
  async poll(
    consumer: string,
    { wait = 0, max = 50, signal = this.#stop.signal }: Partial<Polling> = {},
  ): Promise<ClaimedCall[]> {
    const { messages } = await this.#client.post<{ messages: Message[] }>(
      `${this.#path}/claims`,
      { consumer, max, wait },
      { headers: this.#headers, signal },
    );
    for (const message of messages) {
      if (message.type === "ping") await this.#send("pong", { ping_id: message.ping_id });
    }
    return messages.filter((message) => message.type === "call");
  }

  delta({ call_id, claim_id }: ClaimedCall, delta: string, seq: number): Promise<unknown> {
    return this.#send(`calls/${call_id}/delta`, { claim_id, stream: "stdout", delta, seq });
  }

  settle({ call_id, claim_id }: ClaimedCall, result: unknown): Promise<unknown> {
    return this.#send(`calls/${call_id}/result`, { claim_id, result });
  }

  async carryOut(call: ClaimedCall): Promise<void> {
    this.carriedOut.push(call.call_id);
    const done = CARRY_OUT[call.tool]!(call.payload.text);
    for (const [i, delta] of halvesOf(done).entries()) await this.delta(call, delta, i + 1);
    await this.settle(call, { text: done });
  }

  serve(consumers: readonly string[]): void {
    this.#consumers = consumers.map(async (consumer) => {
      while (!this.#stop.signal.aborted) {
        const calls = await this.poll(consumer, { wait: 20 }).catch((error: unknown) => {
          if (this.#stop.signal.aborted) return [];
          throw error;
        });
        await mapConcurrently(8, calls, (call) => this.carryOut(call));
      }
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#consumers);
  }

  /** How much there is to do, and for how many, as the toolset says itself. */
  async load(): Promise<{ queued: number; claimed: number; consumers: number }> {
    const response = await this.#client.fetch(`${this.#path}/calls`);
    return (await response.json()) as { queued: number; claimed: number; consumers: number };
  }

  #send(what: string, body: unknown): Promise<unknown> {
    return this.#client.post(`${this.#path}/${what}`, body, { headers: this.#headers });
  }
}

interface Taken {
  call_id: string;
  tool_use_id: string;
  result_url: string;
}

const call = (caller: Client, toolset: string, tool: string, given: string, id: string): Promise<Taken> =>
  caller.post(`/v1/toolsets/${toolset}/tools/${tool}/calls`, {
    payload: { text: given },
    meta: { run_id: "run", session_id: "session", tool_call_id: id },
  });

interface Event {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

const parsed = (text: string): Event[] =>
  text
    .split("\n\n")
    .filter((block) => block.startsWith("id: "))
    .map((block) => {
      const [id, event, data] = block.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      return { id: Number(id), event: event!, data: JSON.parse(data!) as Record<string, unknown> };
    });

const follow = (
  caller: Client,
  { result_url }: Taken,
  headers = {},
  signal?: AbortSignal,
): Promise<Response> =>
  caller.fetch(result_url, {
    headers: { Accept: "text/event-stream", ...headers },
    ...(signal && { signal }),
  });

const eventsOf = async (...asked: Parameters<typeof follow>): Promise<Event[]> =>
  parsed(await (await follow(...asked)).text());

let built: string;
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), "rollcall-built-"));
  execFileSync("wrangler", ["deploy", "--dry-run", "--minify", "--outdir", built], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...QUIET },
  });
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

describe.each([
  {
    store: "redis",
    vars: () => ({
      UPSTASH_REDIS_REST_URL: inject("bridgeUrl"),
      UPSTASH_REDIS_REST_TOKEN: `test-${randomUUID()}`,
      REDIS_PREFIX: `t-${randomUUID()}`,
      // Generous: a loaded machine is not an outage.
      REDIS_TIMEOUT_MS: "20000",
    }),
  },
  { store: "embedded", vars: () => ({}) },
])("a deployment, $store", ({ vars }) => {
  let server: TestHarness;
  let url: URL;
  beforeAll(async () => {
    Object.assign(process.env, QUIET);
    server = createTestHarness({
      workers: [
        {
          configPath: "./wrangler.toml",
          prebuiltWorkerDir: built,
          vars: { API_KEYS: JSON.stringify(apiKeys), ...vars() },
        },
      ],
    });
    ({ url } = await server.listen());
  });
  afterAll(() => server.close());

  it(
    "delivers 500 calls at once, of five callers, each delta and result once and to its caller",
    { timeout: 180_000 },
    async () => {
      const provider = new Provider(url, "words");
      await provider.register();
      provider.serve(["c1", "c2", "c3"]);
      const callers = CALLERS.map((name) => new Client(url, name));
      const answers = await Promise.all(
        Array.from({ length: 500 }, async (_, n) => {
          const caller = callers[n % callers.length]!;
          const tool = TOOLS[n % 2]!.name;
          const given = `${CALLERS[n % callers.length]} asks ${n}`;
          // Every caller numbers its calls from 0: the same ids as all the others.
          const taken = await call(caller, "words", tool, given, `t${Math.floor(n / callers.length)}`);
          return { n, taken, wanted: CARRY_OUT[tool]!(given), events: await eventsOf(caller, taken) };
        }),
      );
      await provider.stop();

      for (const { taken, wanted, events } of answers) {
        const { tool_use_id } = taken;
        const [first, second] = halvesOf(wanted);
        expect(events).toEqual([
          { id: 0, event: "init", data: {} },
          { id: 1, event: "output_delta", data: { tool_use_id, stream: "stdout", delta: first } },
          { id: 2, event: "output_delta", data: { tool_use_id, stream: "stdout", delta: second } },
          { id: 3, event: "result", data: { tool_use_id, result: { text: wanted } } },
        ]);
      }
      const ids = answers.map(({ taken }) => taken.call_id);
      expect(new Set(ids).size).toBe(500);
      expect(provider.carriedOut.toSorted()).toEqual(ids.toSorted());

      await mapConcurrently(10, answers.slice(0, 50), async ({ n, taken, wanted }) => {
        const own = await callers[n % callers.length]!.fetch(`${taken.result_url}?wait=1`);
        expect(await own.json()).toMatchObject({ status: "done", result: { text: wanted } });
        const others = await callers[(n + 1) % callers.length]!.fetch(taken.result_url);
        expect(others.status).toBe(403);
      });
    },
  );

  it("loses no call with a consumer whose connection is cut while it waits", async () => {
    const provider = new Provider(url, "cut");
    await provider.register();
    const caller = new Client(url, "ann");
    for (const consumer of ["dead", "alive"]) await provider.poll(consumer);
    const cut = new AbortController();
    const waiting = provider.poll("dead", { wait: 30, max: 1, signal: cut.signal });
    // It waits, or is about to: the connection is cut either way.
    await provider.load();
    cut.abort();
    await expect(waiting).rejects.toThrow();

    const taken: Taken[] = [];
    for (const id of ["t0", "t1", "t2"]) taken.push(await call(caller, "cut", "shout", id, id));
    const calls = await provider.poll("alive");
    for (const claimed of calls) await provider.carryOut(claimed);
    // A platform that does not notice lets the dead have the one call that it asked for, until its claim lapses.
    const held = taken.length - calls.length;
    expect(held).toBeLessThanOrEqual(1);
    expect(await provider.load()).toMatchObject({ queued: 0, claimed: held });
    const statuses = await Promise.all(
      taken.map(async ({ result_url }) => {
        const { status } = (await (await caller.fetch(result_url)).json()) as { status: string };
        return status;
      }),
    );
    expect(statuses.filter((status) => status === "done")).toHaveLength(3 - held);
    expect(statuses.filter((status) => status === "pending")).toHaveLength(held);
    await provider.stop();
  });

  it("lets a reader whose connection is cut in mid-call go on where it was", async () => {
    const provider = new Provider(url, "resumed");
    await provider.register();
    const caller = new Client(url, "ann");
    const taken = await call(caller, "resumed", "shout", "hello", "t1");
    const [claimed] = await provider.poll("first");
    await provider.delta(claimed!, "HEL", 1);

    const cut = new AbortController();
    const chunks = (await follow(caller, taken, {}, cut.signal)).body!.getReader();
    let read = "";
    while (!read.includes("HEL")) read += new TextDecoder().decode((await chunks.read()).value);
    cut.abort();
    await expect(chunks.read()).rejects.toThrow();

    await provider.delta(claimed!, "LO", 2);
    await provider.settle(claimed!, { text: "HELLO" });
    const last = String(parsed(read).at(-1)!.id);
    const rest = await eventsOf(caller, taken, { "Last-Event-ID": last });
    expect([...parsed(read), ...rest].map(({ id, event }) => [id, event])).toEqual([
      [0, "init"],
      [1, "output_delta"],
      [2, "output_delta"],
      [3, "result"],
    ]);
    expect((await follow(caller, taken, { "Last-Event-ID": "3" })).status).toBe(204);
    await provider.stop();
  });
});
