import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countingGateways } from "../../support/gateways.ts";
import { ManualPause } from "../../support/manual-pause.ts";
import { asOwnRequest } from "../../support/own-request.ts";
import { START } from "../../support/registry.ts";
import { runs } from "../../support/seed.ts";
import { BACKENDS } from "../../support/stores.ts";
import { openToolsets, parseEvents, type StreamEvent } from "../../support/toolsets.ts";

const SSE = { Accept: "text/event-stream" };

/** Reads a stream an event at a time. */
function reader(response: Response) {
  const chunks = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next(): Promise<StreamEvent | undefined> {
      while (!text.includes("\n\n")) {
        const { value, done } = await chunks.read();
        if (done) return undefined;
        text += value;
      }
      const end = text.indexOf("\n\n") + 2;
      const block = text.slice(0, end);
      text = text.slice(end);
      return parseEvents(block)[0] ?? this.next();
    },
    cancel: () => chunks.cancel(),
  };
}

describe.each(BACKENDS)("a call's stream, $backend", ({ openBackend }) => {
  async function open() {
    const held = new ManualPause();
    const { backend, calls: asked } = countingGateways(openBackend());
    const registry = openToolsets({ backend, pause: held.pause });
    const token = await registry.serve();
    const { body: call } = await registry.callTool(undefined, { tool_call_id: "t1" });
    const [claim] = await registry.calls(token);
    return {
      registry,
      held,
      asked,
      call,
      delta: (text: string, fields?: Record<string, unknown>) => registry.delta(token, claim!, text, fields),
      settle: (result: unknown = { text: "x" }) => registry.settle(token, claim!, { result }),
      follow: async (headers = {}) =>
        reader(await registry.fetch(call.result_url, { headers: { ...SSE, ...headers } })),
    };
  }
  const eventOf = (id: number, delta: string, stream = "stdout") => ({
    id,
    event: "output_delta",
    data: { tool_use_id: "t1", stream, delta },
  });
  const INIT = { id: 0, event: "init", data: {} };
  const last = (id: number) => ({
    id,
    event: "result",
    data: { tool_use_id: "t1", result: { text: "x" } },
  });

  it("brings each event when it happens, and ends with the result", async () => {
    const { held, follow, delta, settle } = await open();
    const events = await follow();
    expect(await events.next()).toEqual(INIT);
    await held.begun(1);
    await delta("one");
    expect(await events.next()).toEqual(eventOf(1, "one"));
    await held.begun(2);
    await delta("two", { stream: "stderr" });
    expect(await events.next()).toEqual(eventOf(2, "two", "stderr"));
    await held.begun(3);
    await settle();
    expect(await events.next()).toEqual(last(3));
    expect(await events.next()).toBeUndefined();
  });

  it("says what it is, and that nobody may keep it", async () => {
    const { registry, call, settle } = await open();
    await settle();
    const { status, headers } = await registry.fetch(call.result_url, { headers: SSE });
    expect([status, headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("X-Request-Id")).not.toBeNull();
  });

  it("is the same for everyone who reads it, during the call or after", async () => {
    const { registry, call, follow, delta, settle } = await open();
    const live = await Promise.all([follow(), follow(), follow()]);
    for (const text of ["one", "two", "three"]) await delta(text);
    await settle();
    const whole = await registry.stream(call);
    expect(whole).toEqual([INIT, eventOf(1, "one"), eventOf(2, "two"), eventOf(3, "three"), last(4)]);
    for (const events of live) {
      for (const event of whole) expect(await events.next()).toEqual(event);
      expect(await events.next()).toBeUndefined();
    }
  });

  it("goes on after the event that its reader had last, wherever that was", async () => {
    const { registry, call, delta, settle } = await open();
    for (const text of ["one", "two", "three"]) await delta(text);
    await settle();
    const whole = await registry.stream(call);
    for (const { id } of whole) {
      const rest = await registry.stream(call, { "Last-Event-ID": String(id) });
      expect(rest, `after ${id}`).toEqual(whole.slice(id + 1));
    }
  });

  it("goes on in mid-call, with what is new alone", async () => {
    const { held, follow, delta, settle } = await open();
    await delta("one");
    const events = await follow({ "Last-Event-ID": "1" });
    await held.begun();
    await delta("two");
    expect(await events.next()).toEqual(eventOf(2, "two"));
    await settle();
    expect(await events.next()).toEqual(last(3));
  });

  it("tells a reader that has had everything not to come again", async () => {
    const { registry, call, delta, settle } = await open();
    await delta("one");
    await settle();
    for (const id of ["2", "3", "999999999"]) {
      const response = await registry.fetch(call.result_url, { headers: { ...SSE, "Last-Event-ID": id } });
      // An EventSource connects again after any other end.
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
  });

  it.each(["", "x", "-1", "1.5", "1e3", "9".repeat(400)])(
    "begins at the beginning after an event that there cannot be (%s)",
    async (id) => {
      const { registry, call, settle } = await open();
      await settle();
      expect(await registry.stream(call, { "Last-Event-ID": id })).toEqual([INIT, last(1)]);
    },
  );

  it("has each delta once that a provider sends again under its number", async () => {
    const { registry, call, delta, settle } = await open();
    for (const [text, seq] of [
      ["a", 1],
      ["a", 1],
      ["b", 2],
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ] as const)
      expect((await delta(text, { seq })).status).toBe(200);
    await settle();
    const deltas = (await registry.stream(call)).filter(({ event }) => event === "output_delta");
    expect(deltas.map(({ data }) => data["delta"])).toEqual(["a", "b", "c"]);
  });

  it("asks for nothing more once its reader is gone, and is there for one who comes back", async () => {
    const { held, asked, follow, delta, settle } = await open();
    const follows = () => asked.filter((method) => method === "follow").length;
    const events = await follow();
    await events.next();
    await held.begun();
    const before = follows();
    await events.cancel();
    await delta("one");
    held.end();
    await settle();
    const later = await follow();
    for (const event of [INIT, eventOf(1, "one"), last(2)]) expect(await later.next()).toEqual(event);
    // Two looks of the later reader's own: at whether it may, and at what there is.
    expect(follows()).toBe(before + 2);
  });

  it("that stays silent says every 15 s that it is still there, until the call ends by itself", async () => {
    const registry = openToolsets({ backend: openBackend() });
    await registry.serve();
    const { body: call } = await registry.callTool(undefined, { tool_call_id: "t1" });
    const response = await registry.fetch(call.result_url, { headers: SSE });
    const text = await response.text();
    // Unclaimed calls wait 300 s, that instant included.
    expect(text.match(/^: still here$/gm)).toHaveLength(21);
    expect(registry.now - START).toBe(315_000);
    const events = parseEvents(text);
    expect(events.map(({ event }) => event)).toEqual(["init", "result"]);
    expect(events[1]!.data).toMatchObject({ error: { code: "timeout" } });
  });

  it.each([
    { headers: {}, stream: false },
    { headers: { Accept: "application/json" }, stream: false },
    { headers: { Accept: "*/*" }, stream: false },
    { headers: { Accept: "text/event-stream;q=0.9, */*;q=0.1" }, stream: true },
  ])("is what $headers asks for: $stream", async ({ headers, stream }) => {
    const { registry, call, settle } = await open();
    await settle();
    const { headers: answered } = await registry.fetch(call.result_url, { headers });
    expect(answered.get("Content-Type")).toBe(stream ? "text/event-stream" : "application/json");
  });

  it("of no call is a refusal, and no stream", async () => {
    const { registry } = await open();
    const { status, headers } = await registry.fetch("/v1/toolsets/tools/calls/none", { headers: SSE });
    expect([status, headers.get("Content-Type")]).toEqual([404, "application/problem+json"]);
  });

  it("carries any text as it was, in order", async () => {
    const texts = fc.array(
      fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\n\n", "\r", "data: x\n\n", ": ")),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(texts, (sent) =>
        asOwnRequest(async () => {
          const { registry, call, delta, settle } = await open();
          for (const text of sent) await delta(text);
          await settle(sent.length > 0 ? { text: sent.join("") } : undefined);
          const events = await registry.stream(call);
          expect(events.slice(1, -1).map(({ data }) => data["delta"])).toEqual(sent);
          expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i));
        }),
      ),
      { numRuns: runs(20) },
    );
  });
});
