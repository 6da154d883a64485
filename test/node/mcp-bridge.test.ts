import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createClient, type ToolError, type ToolResult } from "../../src/client/index.ts";
import { rollcall } from "../support/cli.node.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SERVER = pathOf("../support/stdio-mcp-server.mjs");
const MAIN = pathOf("../../src/cli/main.ts");
const TOOLS = ["cancelled", "die", "echo", "env", "fail", "grow", "pid", "wait"];

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startWorker(await buildWorker(), { ACCESS: "open" });
});
afterAll(() => worker.stop());

const fixture = (name = "fixture") => ["--", process.execPath, SERVER, name];

/** A registry of its own, and in it an MCP server as the toolset `mcp`. */
async function bridged(argv: readonly string[] = fixture(), env: Record<string, string> = {}) {
  const namespace = crypto.randomUUID();
  const client = createClient({ url: worker.url, namespace });
  const ending = new AbortController();
  const waiters = new Set<(out: string) => void>();
  let out = "";
  const running = rollcall(["bridge", "mcp", ...argv], {
    env: { ROLLCALL_URL: worker.url, ROLLCALL_NAMESPACE: namespace, ...env },
    ending: ending.signal,
    onOut(text) {
      out = text;
      for (const waiter of waiters) waiter(out);
    },
  });
  onTestFinished(async () => {
    ending.abort();
    await running;
  });
  /** Resolves when this has been written. */
  const written = async (what: string) => {
    const seen = new Promise<void>((resolve) => {
      const look = (text: string) => text.includes(what) && resolve();
      waiters.add(look);
      look(out);
    });
    const ended = running.then(({ code, err }) => {
      throw new Error(`the bridge has ended with ${code}: ${err}`);
    });
    await Promise.race([seen, ended]);
  };
  await written("Ctrl-C leaves");
  return {
    client,
    running,
    ending,
    written,
    names: async () => (await client.toolsets.get("mcp")).tools.map(({ name }) => name).toSorted(),
    call: (tool: string, payload: unknown = {}, options: object = {}): Promise<ToolResult<unknown>> =>
      client.callTool(
        { toolset: "mcp", tool, payload, meta: { run_id: "r", session_id: crypto.randomUUID() } },
        options,
      ),
  };
}

const said = ({ server_data }: ToolResult<unknown>): string => (server_data as [{ text: string }])[0].text;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("what is offered", () => {
  it("is every tool of every page with what MCP says of it, but for those that are refused", async () => {
    const { client, names, running, ending } = await bridged();
    expect(await names()).toEqual(TOOLS);
    const { tools, version } = await client.toolsets.get("mcp");
    expect(version).toBe("1.2.3");
    expect(tools.find(({ name }) => name === "echo")).toMatchObject({
      description: "Returns what it was given.",
      result_schema: { type: "object", required: ["text"] },
      mcp: { title: "Echo", annotations: { readOnlyHint: true } },
    });
    ending.abort();
    const { code, err, out } = await running;
    expect(err).toContain("mcp: left out: the tool odd: ");
    expect(out).toBe("mcp: 8 tools; Ctrl-C leaves\nmcp has left\n");
    expect(code).toBe(0);
  });

  it("can be chosen, and named apart", async () => {
    const allowed = await bridged(["--allow", "echo", "--allow", "pid", "--deny", "pid", ...fixture()]);
    expect(await allowed.names()).toEqual(["echo"]);
    const denied = await bridged(["--deny", "die", "--prefix", "my_", ...fixture()]);
    expect(await denied.names()).toEqual(TOOLS.filter((name) => name !== "die").map((name) => `my_${name}`));
    expect(await denied.call("my_echo", { text: "hi" })).toMatchObject({ result: { text: "hi" } });
  });
});

describe("a call", () => {
  it("has the structured content as its result, and the content blocks beside it", async () => {
    const { call } = await bridged();
    expect(await call("echo", { text: "hi" })).toMatchObject({
      result: { text: "hi" },
      server_data: [{ type: "text", text: "hi" }],
    });
    expect(await call("pid")).toMatchObject({ result: null });
  });

  it("of a tool that says it failed, fails with what it said", async () => {
    const { call } = await bridged();
    await expect(call("fail")).rejects.toMatchObject({
      code: "tool_error",
      message: "no such file\ntry another",
      server_data: [
        { type: "text", text: "no such file" },
        { type: "text", text: "try another" },
      ],
    });
  });

  it("has its progress on a stream, and is cancelled at the server when its caller gives it up", async () => {
    const { call } = await bridged();
    const progress = Promise.withResolvers<unknown>();
    const caller = new AbortController();
    const calling = call("wait", {}, { signal: caller.signal, onDelta: progress.resolve });
    expect(await progress.promise).toMatchObject({
      stream: "progress",
      delta: JSON.stringify({ progress: 1, total: 2, message: "half" }),
    });
    expect(said(await call("cancelled"))).toBe("0");
    caller.abort();
    await expect(calling).rejects.toThrow();
    await expect.poll(async () => said(await call("cancelled")), { timeout: 30_000 }).toBe("1");
  });

  it("is a line of its own if that is asked for", async () => {
    const { call, written } = await bridged(["--verbose", ...fixture()]);
    await call("echo", { text: "hi" });
    await written("\necho ");
    await call("fail").catch(() => {});
    await written("\nfail failed after ");
  });
});

describe("the server's environment", () => {
  it("has what is named, and nothing else of the bridge's", async () => {
    const { call } = await bridged(["--env", "GIVEN", "--env", "SET=to=this", ...fixture()], {
      GIVEN: "yes",
      SECRET: "no",
    });
    const env = JSON.parse(said(await call("env"))) as Record<string, string>;
    expect(env).toMatchObject({ GIVEN: "yes", SET: "to=this" });
    const others = Object.keys(env).filter((name) => !["GIVEN", "SET"].includes(name));
    expect(others.filter((name) => !/^(HOME|LOGNAME|PATH|SHELL|TERM|USER)$/.test(name))).toEqual([]);
  });
});

describe("a server that dies", () => {
  it("fails the call in hand within 2 s, and is back after it has been started again", async () => {
    const { call, written } = await bridged();
    const first = said(await call("pid"));
    const progress = Promise.withResolvers<unknown>();
    const calling = call("wait", {}, { onDelta: progress.resolve });
    const failed = calling.then(
      () => undefined,
      (error: ToolError) => ({ code: error.code, at: performance.now() }),
    );
    await progress.promise;
    const killedAt = performance.now();
    process.kill(Number(first), "SIGKILL");
    const { code, at } = (await failed)!;
    expect(code).toBe("unavailable");
    expect(at - killedAt).toBeLessThan(2000);
    await written("mcp is down: it has ended; again in ");
    await expect(call("pid")).rejects.toMatchObject({ code: "unavailable" });
    await written("mcp is up again");
    expect(said(await call("pid"))).not.toBe(first);
  });
});

describe("a list that changes", () => {
  it("amends the toolset, and a call in hand goes on", async () => {
    const { call, written, names } = await bridged();
    const progress = Promise.withResolvers<unknown>();
    const caller = new AbortController();
    let isOver = false;
    const calling = call("wait", {}, { signal: caller.signal, onDelta: progress.resolve })
      .catch(() => {})
      .finally(() => (isOver = true));
    await progress.promise;
    await call("grow");
    await written("mcp: the list has changed: 9 tools");
    expect(await names()).toEqual([...TOOLS, "late"].toSorted());
    expect(said(await call("late"))).toBe("late");
    expect(isOver).toBe(false);
    caller.abort();
    await calling;
    await expect.poll(async () => said(await call("cancelled")), { timeout: 30_000 }).toBe("1");
  });
});

describe("a bridge", () => {
  const run = (argv: readonly string[]) =>
    rollcall(["bridge", "mcp", ...argv], { env: { ROLLCALL_URL: worker.url } });

  it("to Rollcall is refused, whatever the way there", async () => {
    const own = await run(["--mcp-url", `${worker.url}/mcp`]);
    expect(own).toMatchObject({ code: 2 });
    expect(own.err).toContain("would be a loop");
    const alias = await run(["--mcp-url", `${worker.url.replace("127.0.0.1", "localhost")}/mcp`]);
    expect(alias).toMatchObject({ code: 1 });
    expect(alias.err).toContain("would be a loop");
    const named = await run(fixture("rollcall"));
    expect(named).toMatchObject({ code: 1 });
    expect(named.err).toContain("would be a loop");
  });

  it("to a server that cannot be started says so, and registers nothing", async () => {
    const { code, err } = await run(["--", "no-such-program"]);
    expect(code).toBe(1);
    expect(err).toContain("no-such-program");
  });

  it.each([
    [[]],
    [["--mcp-url", "http://127.0.0.1:1/mcp", ...fixture()]],
    [["--env", "NO_SUCH_VARIABLE", ...fixture()]],
    [["--header", "A: b", ...fixture()]],
    [["--mcp-url", "http://127.0.0.1:1/mcp", "--env", "A=b"]],
    [["--mcp-url", "http://127.0.0.1:1/mcp", "--header", "secret"]],
  ])("refuses what makes no sense: %j", async (argv) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).not.toContain("secret");
  });

  it("leaves on SIGTERM, and ends the server", async () => {
    const namespace = crypto.randomUUID();
    const bridge = spawn(process.execPath, [MAIN, "bridge", "mcp", ...fixture()], {
      env: { PATH: process.env["PATH"], ROLLCALL_URL: worker.url, ROLLCALL_NAMESPACE: namespace },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = once(bridge, "exit");
    const written = textOf(bridge.stdout);
    await once(bridge.stdout, "data");
    const client = createClient({ url: worker.url, namespace });
    const meta = { run_id: "r", session_id: "s" };
    const pid = Number(said(await client.callTool({ toolset: "mcp", tool: "pid", payload: {}, meta })));
    expect(isAlive(pid)).toBe(true);
    bridge.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    expect(await written).toContain("mcp has left");
    expect(isAlive(pid)).toBe(false);
  });
});

describe("a server over HTTP", () => {
  it("gets the headers that are given, on every request", async () => {
    const seen: (string | undefined)[] = [];
    const results: Record<string, object> = {
      initialize: {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "http", version: "1.0.0" },
      },
      "tools/list": { tools: [{ name: "hello", inputSchema: { type: "object" } }] },
      "tools/call": { content: [{ type: "text", text: "hello" }] },
    };
    const server = createServer(async (request, response) => {
      seen.push(request.headers["x-secret"] as string | undefined);
      if (request.method !== "POST") return response.writeHead(405).end();
      const { id, method } = JSON.parse(await textOf(request)) as { id?: number; method: string };
      if (id === undefined) return response.writeHead(202).end();
      const answer = Object.hasOwn(results, method)
        ? { result: results[method] }
        : { error: { code: -32601, message: "no such method" } };
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { call } = await bridged([
      "--mcp-url",
      `http://127.0.0.1:${port}/mcp`,
      "--header",
      "X-Secret: abc: d",
    ]);
    expect(said(await call("hello"))).toBe("hello");
    expect(seen.length).toBeGreaterThan(3);
    expect(new Set(seen)).toEqual(new Set(["abc: d"]));
  });
});
