import { describe, expect, it } from "vitest";
import { ProviderError } from "../../src/client/index.ts";
import { clientOver } from "../support/client.ts";
import type { OutgoingRequest } from "../../src/client/options.ts";
import type { Weather } from "../support/network.ts";
import { counted, serviceOf } from "../support/service.ts";

const CUT: Weather = { kind: "cut" };
const throws = (message: string) => () => {
  throw new Error(message);
};
const never = () => new Promise<never>(() => undefined);
const failure = (error: unknown) => error;

describe("a service that is used", () => {
  it("is that of one provider, and its outcome is reported once, with how long it took", async () => {
    const { network, client } = await serviceOf(["a"]);
    const used = client.withProvider("llm", {}, async ({ id }) => {
      await network.pass(40);
      return `by ${id}`;
    });
    expect(await used).toBe("by a");
    await network.until(client.flush());
    expect(network.sent.at(-1)?.body?.["outcomes"]).toEqual([
      {
        service: "llm",
        provider_id: "a",
        selection_id: expect.stringMatching(/\.[\w-]{22}$/),
        success: true,
        latency_ms: 40,
      },
    ]);
    expect(await counted(network)).toEqual({ a: { successes: 1, failures: 0 } });
  });

  it("reports a duration that the registry takes, whatever the clock does", async () => {
    const { network, client } = await serviceOf(["a"]);
    for (const [jump, latency_ms] of [
      [-1000, 0],
      [86_400_001, 86_400_000],
    ] as const) {
      await client.withProvider("llm", {}, () => network.clock.jump(jump));
      await network.until(client.flush());
      expect(network.sent.at(-1)?.body).toMatchObject({ outcomes: [{ latency_ms }] });
    }
  });

  it("is asked for with the trace that is given", async () => {
    const { network } = await serviceOf(["a"]);
    const traced: unknown[] = [];
    const onRequest = ({ headers }: OutgoingRequest) => void traced.push(headers["traceparent"]);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await clientOver(network, { onRequest }).withProvider("llm", { trace: { traceparent } }, () => 1);
    expect(traced[0]).toBe(traceparent);
  });

  it("is the next provider's where one fails", async () => {
    const { network, client } = await serviceOf(["a", "b", "c"]);
    const tried: string[] = [];
    const used = client.withProvider("llm", {}, ({ id }) => {
      if (tried.push(id) < 3) throw new Error("broken");
      return id;
    });
    expect(await network.until(used)).toBe("c");
    expect(tried).toEqual(["a", "b", "c"]);
    await network.until(client.flush());
    expect(await counted(network)).toEqual({
      a: { successes: 0, failures: 1 },
      b: { successes: 0, failures: 1 },
      c: { successes: 1, failures: 0 },
    });
  });

  it("fails with each one's failure, and the registry's reasons for the others", async () => {
    const { network, client } = await serviceOf(["a", "b", "c", "d"]);
    await network.registry.register({
      id: "e",
      status: "busy",
      services: [{ service: "llm", priority_group: 9 }],
    });
    const using = { exclude: "d", attempts: 5 };
    const error = await network.until(
      client.withProvider("llm", using, ({ id }) => throws(`broken ${id}`)()).catch(failure),
    );
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({
      service: "llm",
      failures: ["a", "b", "c"].map((id) => ({ id, error: { message: `broken ${id}` }, latencyMs: 0 })),
      ended: { code: "no_provider_available" },
      reasons: [
        { id: "d", reason: "excluded" },
        { id: "e", reason: "busy" },
      ],
    });
    const { message, cause } = error as ProviderError;
    expect(message).toContain("a: broken a; b: broken b; c: broken c. Then: None");
    expect(cause).toHaveProperty("message", "broken c");
  });

  it("fails after three providers, or as many as `attempts` says", async () => {
    const { network, client } = await serviceOf(["a", "b", "c", "d"]);
    for (const [using, tried] of [
      [{}, 3],
      [{ attempts: 1 }, 1],
      [{ attempts: 4 }, 4],
    ] as const) {
      const error = await network.until(client.withProvider("llm", using, throws("broken")).catch(failure));
      expect(error).toMatchObject({ ended: undefined, reasons: [] });
      expect((error as ProviderError).failures).toHaveLength(tried);
    }
    for (const using of [{ attempts: 0 }, { attempts: 18 }, { attempts: 16, exclude: ["x", "y"] }])
      await expect(client.withProvider("llm", using, never)).rejects.toThrow(RangeError);
  });

  it("fails as a resolve does if nobody can be tried", async () => {
    const { client } = await serviceOf([]);
    const used = client.withProvider("llm", {}, never);
    await expect(used).rejects.toMatchObject({ name: "RollcallError", code: "service_not_found" });
  });

  it("is the last provider's while the registry is out, if it may be stale", async () => {
    const { network, client } = await serviceOf(["a"]);
    const use = () => network.until(client.withProvider("llm", { staleOk: true }, ({ id }) => id));
    await use();
    await network.until(client.flush());
    network.weather = (path) => (path.includes("resolve") ? CUT : { kind: "fine" });
    expect(await use()).toBe("a");
    await network.until(client.flush());
    expect(network.sent.at(-1)?.body).toMatchObject({ outcomes: [{ selection_id: null }] });
  });
});

describe("a provider's deadline", () => {
  it("is what it was registered with, or `timeoutMs`, and is kept also by one that ignores its signal", async () => {
    const { network, client } = await serviceOf(["a", "b"], { timeout_duration: 7 });
    const signals: AbortSignal[] = [];
    const use = (_: unknown, signal: AbortSignal) => {
      signals.push(signal);
      return never();
    };
    const always = { isFailure: () => false };
    for (const [using, ms] of [
      [always, 7000],
      [{ ...always, timeoutMs: 300 }, 300],
    ] as const) {
      const since = network.clock.elapsed;
      const error = await network.until(client.withProvider("llm", using, use).catch(failure));
      expect(network.clock.elapsed - since).toBe(2 * ms);
      const late = { error: { name: "TimeoutError" }, latencyMs: ms };
      expect(error).toMatchObject({ failures: [late, late] });
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true]);
    await network.until(client.flush());
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("does not abort the signal of one that has ended", async () => {
    const { network, client } = await serviceOf(["a"]);
    const caller = new AbortController();
    const using = { timeoutMs: 100, signal: caller.signal };
    const signal = await client.withProvider("llm", using, (_, mine) => mine);
    await network.pass(1000);
    caller.abort();
    expect(signal.aborted).toBe(false);
    await network.until(client.flush());
    expect(network.clock.pendingTimers).toBe(0);
  });
});

describe("what is not the provider's failure", () => {
  it("ends it before the call: an abort while the provider is asked for, or once it is known", async () => {
    const { network } = await serviceOf(["a"]);
    const controller = new AbortController();
    const client = clientOver(network, { onResponse: () => controller.abort("enough") });
    const { signal } = controller;
    await expect(client.withProvider("llm", { signal }, never)).rejects.toBe("enough");

    network.weather = { kind: "stall" };
    const other = new AbortController();
    const used = client.withProvider("llm", { signal: other.signal }, never);
    await network.settle();
    other.abort("enough");
    await expect(used).rejects.toBe("enough");
    expect(network.clock.elapsed).toBe(0);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("ends it, tries nobody else and is not reported: the caller's abort", async () => {
    const { network, client } = await serviceOf(["a", "b"]);
    const controller = new AbortController();
    const seen: unknown[] = [];
    const used = client.withProvider("llm", { signal: controller.signal }, (_, signal) => {
      signal.addEventListener("abort", () => void seen.push(signal.reason));
      return never();
    });
    await network.settle();
    controller.abort("enough");
    await expect(used).rejects.toBe("enough");
    expect(seen).toEqual(["enough"]);
    await network.until(client.flush());
    expect(network.sent).toHaveLength(1);
    expect(network.clock.pendingTimers).toBe(0);
  });

  it("ends it, tries nobody else and is not reported: what `isFailure` declines", async () => {
    const { network, client } = await serviceOf(["a", "b"]);
    const isFailure = (error: unknown) => error instanceof Error && error.message !== "bad request";
    const used = client.withProvider("llm", { isFailure }, throws("bad request"));
    await expect(used).rejects.toThrow("bad request");
    await network.until(client.flush());
    expect(network.sent).toHaveLength(1);
  });
});

describe("outcomes on their way", () => {
  it("are sent again while the registry is out, and count once, but are not sent again without a selection", async () => {
    const { network, client } = await serviceOf(["a"]);
    network.weather = (path) => (path.endsWith("/outcomes") ? { kind: "cut-reply" } : { kind: "fine" });
    await client.withProvider("llm", { staleOk: true }, () => 1);
    await network.pass(20_000);
    network.weather = { kind: "fine" };
    await network.until(client.flush());
    expect(await counted(network)).toEqual({ a: { successes: 1, failures: 0 } });

    const reports = () => network.sent.filter(({ path }) => path.endsWith("/outcomes")).length;
    network.weather = CUT;
    const before = reports();
    await network.until(client.withProvider("llm", { staleOk: true }, () => 1));
    await network.pass(600_000);
    expect(reports()).toBe(before + 1);
  });

  it("are given up after eight attempts in a row, or where the registry refuses them", async () => {
    const { network, client } = await serviceOf(["a"]);
    for (const [status, attempts] of [
      [503, 8],
      [403, 1],
    ] as const) {
      network.weather = (path) =>
        path.endsWith("/outcomes") ? { kind: "answer", status } : { kind: "fine" };
      const before = network.sent.length;
      await client.withProvider("llm", {}, () => 1);
      await network.until(client.flush());
      expect(network.sent.length - before).toBe(1 + attempts);
    }
    network.weather = { kind: "fine" };
    await client.withProvider("llm", {}, () => 1);
    await network.until(client.flush());
    expect(await counted(network)).toEqual({ a: { successes: 1, failures: 0 } });
  });
});
