import { describe, expect, it } from "vitest";
import { SocketGateway } from "../support/provider-socket.ts";

import { live } from "./model/live.ts";
import { SOCKET, type Step } from "./model/steps.ts";

const call = (identity: "x" | "y" | null = null): Step => ({ do: "call", identity, digest: "same" });
const claim = (consumer: string, max = 1): Step => ({ do: "claim", consumer, max });
const delta = (back = 0, again = false): Step => ({ do: "delta", back, again });
const settle = (back = 0, ok = true): Step => ({ do: "settle", back, ok });
const pass = (ms: number): Step => ({ do: "pass", ms });
const tick: Step = { do: "tick" };
const look: Step = { do: "look" };

// A call is answered, one is lost three times, one is sent twice; a socket comes and goes; a registration ends, and another.
// prettier-ignore
const SCRIPT: readonly Step[] = [
  call("x"), call(), claim("c1"), delta(), delta(), delta(0, true), look, pass(30_000), settle(), call("x"), look,
  claim("c1"), pass(60_001), claim("c2"), settle(1), delta(), pass(60_000), settle(1), pass(1), tick, claim("c1"),
  delta(), look, pass(60_001), settle(), look, { do: "attach", max: 2 }, call(), call("y"), call(), look, settle(1),
  delta(), pass(10_000), tick, pass(50_001), tick, settle(), look, { do: "register", told: true }, look, settle(),
  call("y"), claim(SOCKET), call(), { do: "attach", max: 1 }, { do: "askLate" }, settle(), look, { do: "detach" },
  { do: "register", told: false }, call(), claim("c2"), look, { do: "unregister" }, call(), settle(), look,
  { do: "register", told: true }, call("x"), claim("c1"), settle(0, false), look,
];

describe("a gateway that is evicted", () => {
  it("before every step answers each as a gateway that is not evicted", async () => {
    await live(SCRIPT.flatMap((step) => [{ do: "evict" }, step]));
  });

  it.each(SCRIPT.map((step, at) => ({ at, say: JSON.stringify(step) })))(
    "once, before step $at, $say, answers all as a gateway that is not evicted",
    async ({ at }) => {
      await live([...SCRIPT.slice(0, at), { do: "evict" }, ...SCRIPT.slice(at)]);
    },
  );

  it("goes on with what it was given, to the letter", async () => {
    const opened = new SocketGateway();
    await opened.call("a", { caller: "alice", identity: "known", toolUseId: "t1" });
    await opened.evict();
    const held = await opened.take("c1");
    await opened.evict();
    await opened.delta(held, "one", 1, "stdout");
    await opened.evict();
    await opened.delta(held, "one", 1, "stdout");
    opened.pass(2000);
    const outcome = { result: { deep: [1, { "": null }] }, server_data: [{}] };
    expect(await opened.settle(held, outcome)).toBe("taken");
    await opened.evict();
    expect(await opened.follow("a")).toEqual({
      caller: "alice",
      toolUseId: "t1",
      status: "done",
      madeAt: opened.now - 2000,
      changedAt: opened.now,
      keptMs: 900_000,
      outcome,
      deltas: [{ seq: 1, stream: "stdout", delta: "one" }],
      total: 1,
    });
    expect(await opened.settle(held)).toBe("call_settled");
    expect(await opened.call("b", { identity: "known" })).toMatchObject({ callId: "a", settled: true });
  });
});
