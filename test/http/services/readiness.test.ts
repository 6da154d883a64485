import { describe, expect, it } from "vitest";
import { START } from "../../support/registry.ts";
import { breakablePools, countingPools, type Refusal, Services } from "../../support/services.ts";
import { BACKENDS, redisBackend } from "../../support/stores.ts";

interface Ready {
  ready: true;
  services: { service: string; providers: number }[];
  waited_ms: number;
}

/** Services in which something happens while somebody waits. */
class Busy extends Services {
  readonly looks: number[] = [];
  meanwhile: Record<number, () => Promise<unknown>> = {};

  override async pass(ms: number): Promise<void> {
    await super.pass(ms);
    this.looks.push(this.now - START);
    await this.meanwhile[this.now - START]?.();
  }

  ready(query: string) {
    return this.get<Ready & Refusal>(`/v1/services/ready${query}`);
  }
}

describe.each(BACKENDS)("readiness on $backend", ({ openBackend }) => {
  const open = () => new Busy({ backend: openBackend() });

  it("is told at once when all are there, with how many providers each has [1-60]", async () => {
    const services = open();
    await services.offer("a", [{}, { handler: "chat" }, { service: "two words" }]);
    await services.offer("b");
    await services.offer("busy", {}, { status: "busy" });
    const { status, body } = await services.ready("?service=two+words&service=llm&service=llm");
    expect(status).toBe(200);
    expect(body).toEqual({
      ready: true,
      services: [
        { service: "two words", providers: 1 },
        { service: "llm", providers: 2 },
      ],
      waited_ms: 0,
    });
    expect(services.looks).toEqual([]);
  });

  it("comes when the last of them has registered, within the second", async () => {
    const services = open();
    services.meanwhile = {
      2000: () => services.offer("a"),
      5000: () => services.offer("b", { service: "stt" }),
    };
    const { status, body } = await services.ready("?service=stt&service=llm");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      services: [
        { service: "stt", providers: 1 },
        { service: "llm", providers: 1 },
      ],
      waited_ms: 5000,
    });
    expect(services.looks).toEqual([1000, 2000, 3000, 4000, 5000]);
  });

  it("comes in the last moment too", async () => {
    const services = open();
    services.meanwhile = { 2500: () => services.offer("a") };
    const { status, body } = await services.ready("?service=llm&timeout=2.5");
    expect([status, body.waited_ms]).toEqual([200, 2500]);
  });

  it("is the same news, however long it was waited for", async () => {
    const services = open();
    services.meanwhile = { 2000: () => services.offer("a") };
    const waited = await services.ready("?service=llm");
    const atOnce = await services.ready("?service=llm");
    expect([waited.body.waited_ms, atOnce.body.waited_ms]).toEqual([2000, 0]);
    expect(waited.headers.get("ETag")).toBe(atOnce.headers.get("ETag"));
  });

  it("does not come in time: 503, with what is missing and nothing else", async () => {
    const services = open();
    await services.offer("a");
    const { status, headers, body } = await services.ready(
      "?service=x&service=llm&service=y&service=x&timeout=3",
    );
    expect([status, body.code]).toEqual([503, "services_not_ready"]);
    expect(body.missing).toEqual(["x", "y"]);
    expect(headers.get("Retry-After")).toBe("1");
    expect(services.looks).toEqual([1000, 2000, 3000]);
  });

  it.each([
    { query: "", waits: 30_000 },
    { query: "&timeout=0", waits: 0 },
    { query: "&timeout=0.25", waits: 250 },
    { query: "&timeout=60", waits: 60_000 },
  ])("is waited for $waits ms with '$query' [1-60]", async ({ query, waits }) => {
    const services = open();
    const { status } = await services.ready(`?service=llm${query}`);
    expect(status).toBe(503);
    expect(services.now - START).toBe(waits);
  });

  it.each(["busy", "draining", "offline"])("is not brought about by who is %s", async (status) => {
    const services = open();
    const { lease_token } = await services.offer("a", {}, { status });
    expect((await services.ready("?service=llm&timeout=0")).body.missing).toEqual(["llm"]);
    services.meanwhile = { 1000: () => services.heartbeat("a", lease_token, { status: "available" }) };
    expect((await services.ready("?service=llm")).body).toMatchObject({ ready: true, waited_ms: 1000 });
  });

  it("is not brought about by who is silent, drained or gone", async () => {
    const services = open();
    await services.register({ id: "a", services: [{ service: "llm" }] });
    const missing = async () => (await services.ready("?service=llm&timeout=0")).body.missing;
    await services.post("/v1/agents/a/drain");
    expect(await missing()).toEqual(["llm"]);
    await services.call("DELETE", "/v1/agents/a/drain");
    expect(await missing()).toBeUndefined();
    await services.pass(45_001);
    expect(await missing()).toEqual(["llm"]);
    await services.pass(300_000);
    expect(await missing()).toEqual(["llm"]);
  });

  it("waits for a breaker that is open, as resolve does, and takes a half-open one", async () => {
    const services = open();
    await services.offer("a");
    await services.reports("a", false, 5);
    expect((await services.ready("?service=llm&timeout=59")).body.missing).toEqual(["llm"]);
    expect((await services.ready("?service=llm")).body).toMatchObject({ ready: true, waited_ms: 1000 });
    expect((await services.resolve()).body).toMatchObject({ circuit_state: "half_open" });
  });

  it("does not depend on a pool that cannot be reached, as resolve does not", async () => {
    const { backend, fail } = breakablePools(openBackend());
    const services = new Busy({ backend });
    await services.offer("a");
    await fail();
    expect((await services.ready("?service=llm&timeout=0")).status).toBe(200);
    expect((await services.resolve()).body).toMatchObject({ degraded: true });
  });

  it("asks the pool of a service only where an agent offers it and is available", async () => {
    const { backend, calls } = countingPools(openBackend());
    const services = new Busy({ backend });
    await services.offer("a");
    await services.offer("b", { service: "stt" }, { status: "busy" });
    await services.ready("?service=llm&service=stt&service=tts&timeout=0");
    expect(calls).toEqual(["llm describe"]);
  });

  it.each([
    { query: "", pointer: "/service" },
    { query: "?service=", pointer: "/service/0" },
    { query: `?${"service=a&".repeat(51)}`, pointer: "/service" },
    { query: "?service=a&timeout=60.001", pointer: "/timeout" },
    { query: "?service=a&timeout=-1", pointer: "/timeout" },
    { query: "?service=a&timeout=soon", pointer: "/timeout" },
    { query: "?service=a&timeout=1&timeout=2", pointer: "/timeout" },
    { query: "?service=a&require=b", pointer: "/require" },
  ])("is 400 for $pointer", async ({ query, pointer }) => {
    const services = open();
    const { status, body } = await services.ready(query);
    expect(status).toBe(400);
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect(services.looks).toEqual([]);
  });
});

describe("to wait for services", () => {
  async function waiting(query: string, prepare?: (services: Busy) => Promise<unknown>) {
    const backend = redisBackend();
    const services = new Busy({ backend });
    // The script is sent whole the first time.
    await services.ready("?service=first&timeout=0");
    await prepare?.(services);
    const { requests } = await backend.bridge.cost(() => services.ready(query));
    return requests;
  }

  it("costs one trip to Redis when it is there", async () => {
    expect(await waiting("?service=llm", (services) => services.offer("a"))).toBe(1);
  });

  it("costs no more than a trip a second, until it is there", async () => {
    expect(await waiting("?service=llm&timeout=10")).toBe(11);
    expect(await waiting("?service=llm&timeout=2.5")).toBe(4);
  });

  it("costs one trip a second however many services are waited for", async () => {
    const both = "?service=llm&service=stt&timeout=10";
    expect(await waiting(both, (services) => services.offer("a"))).toBe(11);
    expect(await waiting("?service=a&service=b&service=c&timeout=3")).toBe(4);
  });
});
