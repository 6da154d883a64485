import { describe, expect, inject, it } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { type Caller, CLIENTS, connectAs, listenForTools } from "./support/clients.ts";
import { keyOf } from "./support/keys.ts";

const SOON = { timeout: 20_000, interval: 50 };
const url = new URL("/mcp", inject("keyedUrl")).href;
const ann = { url, key: keyOf("ann") };

describe.concurrent.each(CLIENTS)("$client", ({ connect }) => {
  it("lists the tools of every toolset and Rollcall's own, each under a name that all models take", async () => {
    await using client = await connect(ann);
    const names = (await client.tools()).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "rollcall__find_tools",
        "conf__test_simple_text",
        "everything__get-sum",
        "files__read_text_file",
      ]),
    );
    for (const name of names) expect(name).toMatch(/^[\w-]{1,60}$/);
  });

  it("gets a value and its text", async () => {
    await using client = await connect(ann);
    // A client that has the list holds the result against the schema in it.
    await client.tools();
    expect(await client.call("conf__echo", { text: "hello" })).toMatchObject({
      structuredContent: { text: "hello" },
      content: [{ type: "text", text: '{"text":"hello"}' }],
    });
  });

  it("gets a tool's failure as a result that says so", async () => {
    await using client = await connect(ann);
    expect(await client.call("conf__test_error_handling")).toMatchObject({
      isError: true,
      content: [{ text: "This tool intentionally returns an error for testing" }],
    });
  });

  it("gets arguments that do not match the schema back as a result that a model can act on", async () => {
    await using client = await connect(ann);
    const { isError, content } = await client.call("conf__echo", { text: 7 });
    expect(isError).toBe(true);
    expect(content[0]!.text).toContain("text");
  });

  it("is told that a tool does not exist", async () => {
    await using client = await connect(ann);
    await expect(client.call("conf__nothing")).rejects.toMatchObject({ code: -32602 });
  });

  it("sees the progress of a call that takes seconds, and then its result", async () => {
    await using client = await connect(ann);
    const seen: number[] = [];
    const { content } = await client.call(
      "everything__trigger-long-running-operation",
      { duration: 2, steps: 4 },
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(content[0]!.text).toContain("completed");
    // The fourth comes with the result, and clients are known to drop what comes with it.
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
  });

  it("waits for a call that takes seconds without asking for its progress", async () => {
    await using client = await connect(ann);
    const { content } = await client.call("everything__trigger-long-running-operation", {
      duration: 2,
      steps: 1,
    });
    expect(content[0]!.text).toContain("completed");
  });

  it("is refused without a key", async () => {
    await expect(connect({ url })).rejects.toThrow(/401|unauthorized/i);
  });

  it("reads with a key that may not write, and is neither shown nor lent others' tools", async () => {
    await using client = await connect({ url, key: keyOf("reader") });
    const names = (await client.tools()).map(({ name }) => name);
    expect(names).toContain("rollcall__find_tools");
    expect(names).not.toContain("conf__echo");
    await expect(client.call("conf__echo", { text: "hello" })).rejects.toThrow(/403|forbidden|scope/i);
  });
});

/** A call that its client leaves as soon as it has begun; what its provider knows of it. */
async function leftCall(client: Caller) {
  const id = crypto.randomUUID();
  const leaving = new AbortController();
  const onprogress = () => leaving.abort();
  await expect(client.call("conf__wait", { id }, { signal: leaving.signal, onprogress })).rejects.toThrow();
  const state = async () => (await client.call("conf__waiting", { id })).structuredContent as WaitingCall;
  return { state, goOn: () => client.call("conf__go_on", { id }) };
}
interface WaitingCall {
  progress: number;
  cancelled: boolean;
}

describe.concurrent.each(CLIENTS.filter(({ era }) => era === "modern"))("$client", ({ connect }) => {
  it("is told which capability it lacks for a tool that asks back", async () => {
    await using client = await connect(ann);
    await expect(client.call("conf__ask")).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { form: {} } } },
    });
  });

  it("cancels a call at its provider by leaving it", async () => {
    await using client = await connect(ann);
    const { state } = await leftCall(client);
    await expect.poll(state, SOON).toMatchObject({ cancelled: true });
  });
});

describe.concurrent.each(CLIENTS.filter(({ era }) => era === "legacy"))("$client", ({ connect }) => {
  it("is told what a tool would have asked", async () => {
    await using client = await connect(ann);
    const { isError, content } = await client.call("conf__ask");
    expect(isError).toBe(true);
    expect(content[0]!.text).toContain("elicitation");
  });

  it("cancels nothing by leaving a call, which may have been an accident", async () => {
    await using client = await connect(ann);
    const { state, goOn } = await leftCall(client);
    const { progress } = await state();
    // A Worker notices that a client has left when it writes, and it writes with each step.
    await expect.poll(async () => (await state()).progress, SOON).toBeGreaterThan(progress + 10);
    expect(await state()).toMatchObject({ cancelled: false });
    await goOn();
  });
});

describe.concurrent("@modelcontextprotocol/client 2.4.0, pinned to 2026-07-28", () => {
  it("is asked back by a tool of a server behind the registry, and answers", async () => {
    await using client = await connectAs("Ann", ann);
    await client.tools();
    expect(await client.call("conf__ask")).toMatchObject({ structuredContent: { name: "Ann" } });
  });

  it("is told that the list of tools has changed while it listens", { timeout: 30_000 }, async () => {
    const target = { url: new URL("/mcp/toolsets/news", url).href, key: keyOf("ann") };
    await using listening = await listenForTools(target);
    const provider = createClient({ url: new URL("/", url).href, key: keyOf("provider") });
    const tools = { read: { payload_schema: true, handle: () => "nothing new" } };
    const served = await provider.serveToolset({ name: "news", tools });
    await expect(listening.changed).resolves.toBeUndefined();
    await served.leave();
  });
});
