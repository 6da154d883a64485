import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CallContext,
  type ClientOptions,
  createClient,
  type Registry,
  retryHint,
  type ServedTool,
  ToolError,
} from "../../src/client/index.ts";
import { BridgeControl } from "../support/bridge-control.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

const META = { run_id: "run", session_id: "session" };
const SOON = { timeout: 20_000, interval: 20 };
const STRING = { type: "string" };
const TEXT = { type: "object", properties: { text: STRING }, required: ["text"] };

type Payload = { text: string };
const tool = (handle: (payload: Payload, context: CallContext) => unknown): ServedTool => ({
  payload_schema: TEXT,
  result_schema: {},
  handle,
});

const bridge = new BridgeControl();
const workers: Record<string, RunningWorker> = {};
beforeAll(async () => {
  const bundle = await buildWorker();
  const prefix = { REDIS_PREFIX: `t-${crypto.randomUUID()}`, REDIS_TIMEOUT_MS: "10000" };
  const upstash = { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token, ...prefix };
  workers["embedded"] = await startWorker(bundle, { ACCESS: "open" });
  workers["redis"] = await startWorker(bundle, { ACCESS: "open", ...upstash });
});
afterAll(async () => {
  for (const worker of Object.values(workers)) await worker.stop();
});

/** A client in a namespace of its own. */
const opened = (backend = "embedded", fetcher?: ClientOptions["fetch"]): Registry =>
  createClient({
    url: workers[backend]!.url,
    namespace: crypto.randomUUID(),
    fetch: fetcher,
  });

/** Something that another part of a test waits for. */
const gate = () => Promise.withResolvers<void>();

describe.each(["embedded", "redis"])("tools served and called, %s", (backend) => {
  it("gives every one of 500 concurrent calls its own deltas and result, once and in order", async () => {
    const registry = opened(backend);
    await using served = await registry.serveToolset(
      {
        name: "text",
        tools: {
          upper: tool(async ({ text }, { delta }) => {
            await delta("stdout", `${text}-1`);
            void delta("stdout", `${text}-2`);
            return text.toUpperCase();
          }),
          twice: tool(({ text }) => text + text),
        },
      },
      { concurrency: 50 },
    );
    const calls = Array.from({ length: 500 }, async (_, i) => {
      const deltas: string[] = [];
      const isUpper = i % 2 === 0;
      const { result } = await registry.callTool<string>(
        { toolset: "text", tool: isUpper ? "upper" : "twice", payload: { text: `a${i}` }, meta: META },
        { onDelta: ({ delta }) => deltas.push(delta) },
      );
      return { result, deltas, isUpper };
    });
    const answers = await Promise.all(calls);
    answers.forEach(({ result, deltas, isUpper }, i) => {
      expect(result).toBe(isUpper ? `A${i}` : `a${i}a${i}`);
      expect(deltas).toEqual(isUpper ? [`a${i}-1`, `a${i}-2`] : []);
    });
    await expect.poll(() => served.running, SOON).toBe(0);
  }, 120_000);
});

describe("a provider", () => {
  it("carries out four calls at a time, and stays healthy meanwhile", async () => {
    const registry = opened();
    const free = gate();
    let most = 0;
    await using served = await registry.serveToolset({
      name: "slow",
      tools: {
        wait: tool(async () => {
          most = Math.max(most, served.running);
          await free.promise;
          return null;
        }),
      },
    });
    const call = () =>
      registry.callTool({ toolset: "slow", tool: "wait", payload: { text: "" }, meta: META });
    const calls = Array.from({ length: 6 }, call);
    await expect.poll(() => registry.toolsets.load("slow"), SOON).toMatchObject({ claimed: 4, queued: 2 });
    const before = (await registry.toolsets.get("slow")).health.last_pong;
    const lastPong = async () => (await registry.toolsets.get("slow")).health.last_pong;
    await expect.poll(lastPong, SOON).not.toBe(before);
    expect(await registry.toolsets.load("slow")).toMatchObject({ claimed: 4, queued: 2 });
    free.resolve();
    await Promise.all(calls);
    expect(most).toBe(4);
  });

  it("fails a call with the handler's own code, or with execution_failed", async () => {
    const registry = opened();
    const issues = [{ field: "/city", constraint: "missing_field" }];
    await using served = await registry.serveToolset({
      name: "failing",
      tools: {
        crash: tool(() => {
          throw new Error("out of cheese");
        }),
        refuse: tool(() => {
          throw new ToolError("invalid_arguments", "which city?", { issues });
        }),
        loop: tool(() => {
          const loop: Record<string, unknown> = {};
          loop["itself"] = loop;
          return loop;
        }),
        nothing: tool(() => undefined),
      },
    });
    const call = (name: string) =>
      registry.callTool({ toolset: served.name, tool: name, payload: { text: "" }, meta: META });
    await expect(call("crash")).rejects.toMatchObject({ code: "execution_failed", message: "out of cheese" });
    const refused: unknown = await call("refuse").catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "ToolError", code: "invalid_arguments", issues });
    expect(retryHint(refused)).toMatchObject({ reason: "missing_fields", fields: ["/city"] });
    await expect(call("loop")).rejects.toMatchObject({ code: "execution_failed" });
    expect((await call("nothing")).result).toBeNull();
  });

  it("gets the caller's meta and trace context", async () => {
    const registry = opened();
    const told: Partial<CallContext>[] = [];
    await using served = await registry.serveToolset({
      name: "told",
      tools: { it: tool((_, { meta, trace, toolUseId }) => void told.push({ meta, trace, toolUseId })) },
    });
    const trace = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", baggage: "a=1" };
    const meta = { ...META, tool_call_id: "t-1" };
    await registry.callTool({ toolset: served.name, tool: "it", payload: { text: "" }, meta }, { trace });
    expect(told).toEqual([{ meta, trace, toolUseId: "t-1" }]);
  });

  it("finishes its calls when it leaves, and takes no more; the toolset stays registered", async () => {
    const registry = opened();
    const begun = gate();
    const free = gate();
    const served = await registry.serveToolset({
      name: "leaving",
      tools: {
        work: tool(async () => {
          begun.resolve();
          await free.promise;
          return "done";
        }),
      },
    });
    const call = registry.callTool({ toolset: "leaving", tool: "work", payload: { text: "" }, meta: META });
    await begun.promise;
    const leaving = served.leave();
    free.resolve();
    await leaving;
    expect((await call).result).toBe("done");
    expect(await served.ended).toEqual({ reason: "left" });
    expect((await registry.toolsets.get("leaving")).tool_count).toBe(1);
  });

  it("ends when its toolset is unregistered", async () => {
    const registry = opened();
    const definition = { name: "mended", tools: { echo: tool(({ text }) => text) } };
    await using served = await registry.serveToolset(definition);
    await registry.toolsets.unregister("mended", { leaseToken: served.leaseToken });
    expect(await served.ended).toMatchObject({ reason: "lease_lost", error: { code: "lease_lost" } });
  });

  it("ends when another process registers its name, and gives up its calls", async () => {
    const registry = opened();
    const begun = gate();
    const dropped = gate();
    const work = (answer: string) => ({
      name: "contested",
      tools: {
        work: tool(async (_, { signal }) => {
          if (answer === "second") return answer;
          begun.resolve();
          signal.addEventListener("abort", () => dropped.resolve());
          await dropped.promise;
          return answer;
        }),
      },
    });
    await using first = await registry.serveToolset(work("first"));
    const call = () =>
      registry.callTool({ toolset: "contested", tool: "work", payload: { text: "" }, meta: META });
    const lost = call().catch((error: unknown) => error);
    await begun.promise;
    await using second = await registry.serveToolset(work("second"));
    expect(await first.ended).toMatchObject({ reason: "lease_lost", error: { code: "lease_lost" } });
    await dropped.promise;
    const failed = await lost;
    expect(failed).toMatchObject({ code: "stale_registration" });
    expect(retryHint(failed)).toMatchObject({ reason: "tool_unavailable" });
    expect((await call()).result).toBe("second");
    expect(second.leaseToken).toBeDefined();
  });

  it("shares its calls with a provider that serves by its lease token", async () => {
    const registry = opened();
    const seen = new Set<string>();
    const both = gate();
    const definition = (who: string) => ({
      name: "shared",
      tools: {
        who: tool(async () => {
          seen.add(who);
          if (seen.size === 2) both.resolve();
          await both.promise;
          return who;
        }),
      },
    });
    await using first = await registry.serveToolset(definition("first"), { concurrency: 1 });
    await using replica = await registry.serveToolset(definition("replica"), {
      concurrency: 1,
      leaseToken: first.leaseToken,
    });
    const call = () =>
      registry.callTool({ toolset: "shared", tool: "who", payload: { text: "" }, meta: META });
    const answers = await Promise.all([call(), call()]);
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set(["first", "replica"]));
    expect(replica.leaseToken).toBe(first.leaseToken);
  });

  it("outlives a restart of the registry, in which no call is lost", async () => {
    const worker = workers["embedded"]!;
    const registry = opened();
    const begun = gate();
    const free = gate();
    await using served = await registry.serveToolset({
      name: "lasting",
      tools: {
        work: tool(async ({ text }) => {
          begun.resolve();
          await free.promise;
          return text;
        }),
      },
    });
    const call = registry.callTool({
      toolset: "lasting",
      tool: "work",
      payload: { text: "kept" },
      meta: META,
    });
    await begun.promise;
    await worker.restart(true);
    free.resolve();
    expect((await call).result).toBe("kept");
    await expect.poll(() => served.running, SOON).toBe(0);
  });

  it("is refused with what is wrong with its schemas", async () => {
    const wrong = {
      name: "x",
      tools: { y: { payload_schema: TEXT, result_schema: 7 as never, handle: () => null } },
    };
    await expect(opened().serveToolset(wrong)).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("a caller", () => {
  it("gets a hint with every refusal", async () => {
    const registry = opened();
    const call = (payload: unknown) => registry.callTool({ toolset: "door", tool: "t", payload, meta: META });
    await expect(call({})).rejects.toMatchObject({ code: "toolset_not_found" });
    const definition = { name: "door", tools: [{ name: "t", payload_schema: TEXT, result_schema: {} }] };
    await registry.toolsets.register(definition);
    const unhealthy: unknown = await call({ text: "" }).catch((error: unknown) => error);
    expect(unhealthy).toMatchObject({ code: "toolset_unhealthy" });
    expect(retryHint(unhealthy)).toEqual({ reason: "tool_unavailable", afterMs: 10_000 });
    const invalid: unknown = await call({ text: 7 }).catch((error: unknown) => error);
    expect(retryHint(invalid)).toMatchObject({ reason: "invalid_arguments" });
    expect(retryHint(invalid)).toHaveProperty("issues.0.field", "/text");
    const missing: unknown = await call({}).catch((error: unknown) => error);
    expect(retryHint(missing)).toMatchObject({ reason: "missing_fields", fields: ["/text"] });
  });

  it("sends a call again as the same call, and continues a broken stream where it ended", async () => {
    let carried = 0;
    let lostAnswers = 2;
    let cuts = 2;
    const flaky = async (url: string, init?: RequestInit) => {
      const response = await fetch(url, init);
      if (url.endsWith("/tools/count/calls") && lostAnswers > 0) {
        lostAnswers -= 1;
        throw new TypeError("connection reset");
      }
      const streams = response.headers.get("Content-Type") === "text/event-stream";
      if (!streams || cuts === 0) return response;
      cuts -= 1;
      return cutAfter(response, 2);
    };
    const registry = opened("embedded", flaky);
    await using served = await registry.serveToolset({
      name: "counting",
      tools: {
        count: tool(async (_, { delta }) => {
          carried += 1;
          for (const digit of "123456") await delta("stdout", digit);
          return "counted";
        }),
      },
    });
    const deltas: string[] = [];
    const { result } = await registry.callTool(
      { toolset: served.name, tool: "count", payload: { text: "" }, meta: META },
      { onDelta: ({ delta }) => deltas.push(delta) },
    );
    expect({ result, carried, deltas: deltas.join("") }).toEqual({
      result: "counted",
      carried: 1,
      deltas: "123456",
    });
    expect({ lostAnswers, cuts }).toEqual({ lostAnswers: 0, cuts: 0 });
  });

  it("gets its result where a proxy lets no stream through", async () => {
    const plain = (url: string, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      headers.set("Accept", "application/json");
      return fetch(url, { ...init, headers });
    };
    const registry = opened("embedded", plain);
    await using served = await registry.serveToolset({
      name: "plain",
      tools: { echo: tool(({ text }) => text) },
    });
    const call = { toolset: served.name, tool: "echo", payload: { text: "hi" }, meta: META };
    expect((await registry.callTool(call)).result).toBe("hi");
  });

  it.each(["with its output", "without"])("stops its handler when it gives up, %s", async (how) => {
    const registry = opened();
    const stopped = gate();
    const controller = new AbortController();
    await using served = await registry.serveToolset({
      name: "endless",
      tools: {
        work: tool(async (_, { signal }) => {
          signal.addEventListener("abort", () => stopped.resolve());
          controller.abort(new Error("enough"));
          await stopped.promise;
        }),
      },
    });
    const call = { toolset: served.name, tool: "work", payload: { text: "" }, meta: META };
    const onDelta = how === "without" ? undefined : () => {};
    const abandoned = registry.callTool(call, { signal: controller.signal, onDelta });
    await expect(abandoned).rejects.toThrow("enough");
    await stopped.promise;
    await expect.poll(() => served.running, SOON).toBe(0);
  });

  it("rejects with what onDelta throws, and stops its handler", async () => {
    const registry = opened();
    const stopped = gate();
    await using served = await registry.serveToolset({
      name: "talking",
      tools: {
        work: tool(async (_, { delta, signal }) => {
          signal.addEventListener("abort", () => stopped.resolve());
          await delta("stdout", "one");
          await stopped.promise;
        }),
      },
    });
    const call = { toolset: served.name, tool: "work", payload: { text: "" }, meta: META };
    const onDelta = () => {
      throw new Error("my own");
    };
    await expect(registry.callTool(call, { onDelta })).rejects.toThrow("my own");
    await stopped.promise;
  });
});

/** The same answer, whose connection breaks after so many deltas. */
function cutAfter(response: Response, deltas: number): Response {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  const upToTheCut = new RegExp(`^(?:[^]*?event: output_delta\\n[^\\n]*\\n\\n){${deltas}}`);
  let seen = "";
  let sent = 0;
  let isCut = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (isCut) {
        controller.error(new TypeError("connection reset"));
        return reader.cancel();
      }
      const { done, value } = await reader.read();
      if (done) return controller.close();
      seen += decoder.decode(value, { stream: true });
      const cut = upToTheCut.exec(seen)?.[0];
      isCut = cut !== undefined;
      const passed = cut ?? seen;
      controller.enqueue(new TextEncoder().encode(passed.slice(sent)));
      sent = passed.length;
    },
  });
  return new Response(body, response);
}
