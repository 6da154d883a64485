import { expect, it } from "vitest";
import type { OutgoingRequest, RequestOutcome, Trace } from "../../src/client/options.ts";
import { clientOver } from "../support/client.ts";
import { Network } from "../support/network.ts";

const AGENT = { id: "a", name: "a", type: "t" };

/** A network that shows which headers came through it. */
function recording() {
  const network = new Network();
  const headers: Headers[] = [];
  const fetch: typeof network.fetch = (url, init) => {
    headers.push(new Headers(init?.headers));
    return network.fetch(url, init);
  };
  return { network, fetch, sent: (name: string) => headers.map((sent) => sent.get(name)) };
}

it("shows each request to onRequest, which may change its headers, and what became of it to onResponse", async () => {
  const { network, fetch, sent } = recording();
  const requests: OutgoingRequest[] = [];
  const outcomes: RequestOutcome[] = [];
  const client = clientOver(network, {
    fetch,
    onRequest: (request) => {
      requests.push({ ...request });
      request.headers["X-Nth"] = String(requests.length);
    },
    onResponse: (outcome) => outcomes.push(outcome),
  });
  network.weather = () => (requests.length === 1 ? { kind: "answer", status: 502 } : { kind: "fine" });
  await network.until(client.stats());
  await client.agents.get("nobody").catch(() => undefined);
  network.weather = { kind: "stall" };
  await network.until(client.agents.register(AGENT)).catch(() => undefined);
  await network.settle();

  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET http://registry.test/v1/stats",
    "GET http://registry.test/v1/stats",
    "GET http://registry.test/v1/agents/nobody",
    "POST http://registry.test/v1/agents",
  ]);
  expect(sent("X-Nth")).toEqual(["1", "2", "3", "4"]);
  expect(outcomes).toMatchObject([
    { status: 502, durationMs: 0, error: { code: "unexpected_answer" } },
    { status: 200, durationMs: 0, error: undefined },
    { status: 404, durationMs: 0, error: { code: "agent_not_found" } },
    { method: "POST", status: 0, durationMs: 10_000, error: { code: "timeout" } },
  ]);
  expect(outcomes[1]?.headers["X-Nth"]).toBe("2");
});

it("sends nothing where onRequest throws, and rejects with that", async () => {
  const network = new Network();
  const client = clientOver(network, {
    onRequest: () => {
      throw new Error("not now");
    },
  });
  await expect(client.stats()).rejects.toThrow("not now");
  expect(network.sent).toEqual([]);
  expect(network.clock.pendingTimers).toBe(0);
});

it("sends the trace context of the request, else the client's", async () => {
  const { network, fetch, sent } = recording();
  const trace: Trace = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "x=1" };
  const client = clientOver(network, { fetch, trace: () => trace });
  await client.stats();
  await client.stats({ trace: { traceparent: "another", baggage: "k=v" } });
  await clientOver(network, { fetch }).stats();
  expect(sent("traceparent")).toEqual([trace.traceparent, "another", null]);
  expect(sent("tracestate")).toEqual(["x=1", null, null]);
  expect(sent("baggage")).toEqual([null, "k=v", null]);
});
