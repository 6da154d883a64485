import { describe, expect, it } from "vitest";
import { DELTA_CHARS_MAX, QUEUED_MAX } from "../../../src/core/toolsets/call.ts";
import { isoTime } from "../../../src/core/time.ts";
import { type CallOptions, type ClaimedCall, idsOf, type OpenGateway } from "../../support/tool-gateway.ts";

export function queues(open: OpenGateway): void {
  const error = {
    code: "boom",
    message: "It went wrong.",
    issues: [{ field: "/x", constraint: "required" }],
  };

  describe("what may be wrong with calls", () => {
    it("is since when the oldest waits, and how the last ones failed, each code with its instant", async () => {
      const gateway = open();
      expect(await gateway.troubles()).toEqual({ oldestQueuedAt: null, lastErrors: [] });
      const madeAt = gateway.now;
      await gateway.call("claimed");
      const claimed = await gateway.take("c1");
      gateway.now += 1000;
      await gateway.call("waiting");
      gateway.now += 1000;
      await gateway.call("later");
      expect(await gateway.troubles()).toEqual({ oldestQueuedAt: madeAt + 1000, lastErrors: [] });
      await gateway.settle(claimed, { error });
      expect((await gateway.troubles()).lastErrors).toEqual([{ code: "boom", at: madeAt + 2000 }]);
      // Nobody claims the others: they fail when they have waited for 300 s.
      gateway.now += 600_000;
      const { oldestQueuedAt, lastErrors } = await gateway.troubles();
      expect(oldestQueuedAt).toBeNull();
      expect(lastErrors.map(({ at }) => at - madeAt)).toEqual([302_000, 301_000, 2000]);
    });

    it("has the newest five failures, and no call that went well", async () => {
      const gateway = open();
      for (let n = 0; n < 8; n += 1) {
        await gateway.call(`call-${n}`);
        gateway.now += 1000;
        const outcome = n % 4 === 3 ? { result: "fine" } : { error: { ...error, code: `boom-${n}` } };
        await gateway.settle(await gateway.take("c1"), outcome);
      }
      const { lastErrors } = await gateway.troubles();
      expect(lastErrors.map(({ code }) => code)).toEqual([6, 5, 4, 2, 1].map((n) => `boom-${n}`));
    });
  });

  describe("calls that wait", () => {
    it("are handed out in the order in which they came, each with all that a provider needs, as many as are asked for", async () => {
      const gateway = open();
      for (const id of ["b", "a", "d", "c", "e"]) await gateway.call(id);
      const first = await gateway.calls("c1", 2);
      expect(first).toEqual([
        {
          type: "call",
          claim_id: expect.stringMatching(/^[\w-]{36}\.echo$/),
          call_id: "b",
          tool_use_id: "use-b",
          tool: "echo",
          payload: { of: "b" },
          meta: {},
          deadline: isoTime(gateway.now + 60_000),
        },
        expect.objectContaining({ call_id: "a", tool_use_id: "use-a", payload: { of: "a" } }),
      ]);
      expect(idsOf(await gateway.calls("c2", 1))).toEqual(["d"]);
      expect(idsOf(await gateway.calls("c1"))).toEqual(["c", "e"]);
      expect(await gateway.calls("c2")).toEqual([]);
    });

    it("go to one consumer each, however many ask at the same time", async () => {
      const gateway = open();
      const ids = Array.from({ length: 200 }, (_, n) => `call-${n}`);
      await Promise.all(ids.map((id) => gateway.call(id)));
      const claims = await Promise.all(ids.map((_, n) => gateway.calls(`c${n % 7}`, 3)));
      const claimed = claims.flat();
      expect(idsOf(claimed).toSorted()).toEqual(ids.toSorted());
      expect(new Set(claimed.map(({ claim_id }) => claim_id)).size).toBe(200);
    });

    it("fail when no provider has claimed them for 300 s", async () => {
      const gateway = open();
      await gateway.call("a");
      gateway.pass(300_000);
      expect(await gateway.status("a")).toBe("pending");
      gateway.pass(1);
      expect(await gateway.calls()).toEqual([]);
      expect(await gateway.status("a")).toBe("timeout");
    });

    it("are 1,000 at most: one more is refused, and taken once one was claimed", async () => {
      const gateway = open();
      const ids = Array.from({ length: QUEUED_MAX }, (_, n) => `call-${n}`);
      await Promise.all(ids.map((id) => gateway.call(id)));
      expect(QUEUED_MAX).toBe(1000);
      expect(await gateway.load()).toMatchObject({ queued: 1000, claimed: 0 });
      expect(await gateway.call("over")).toEqual({ answer: "queue_full" });
      expect(await gateway.status("over")).toBeUndefined();
      await gateway.take();
      expect(await gateway.call("over")).toMatchObject({ answer: "taken" });
      expect(await gateway.call("over again")).toEqual({ answer: "queue_full" });
      expect(await gateway.load()).toMatchObject({ queued: 1000, claimed: 1 });
    });

    it("can be asked for again though the queue is full", async () => {
      const gateway = open();
      await gateway.call("first", { identity: "known" });
      await Promise.all(Array.from({ length: QUEUED_MAX - 1 }, (_, n) => gateway.call(`call-${n}`)));
      expect(await gateway.call("second", { identity: "known" })).toMatchObject({
        answer: "repeated",
        callId: "first",
      });
      expect(await gateway.call("third", { identity: "unknown" })).toEqual({ answer: "queue_full" });
    });
  });

  describe("a call that is repeated", () => {
    const known: CallOptions = { identity: "run-1/t1", toolUseId: "t1" };

    it("is the call it was, waiting, claimed and settled, and is carried out once", async () => {
      const gateway = open();
      expect(await gateway.call("first", known)).toEqual({
        answer: "taken",
        callId: "first",
        toolUseId: "t1",
        settled: false,
      });
      const repeated = { answer: "repeated", callId: "first", toolUseId: "t1" };
      expect(await gateway.call("second", known)).toEqual({ ...repeated, settled: false });
      const call = await gateway.take();
      expect(await gateway.call("third", known)).toEqual({ ...repeated, settled: false });
      expect(await gateway.calls()).toEqual([]);
      await gateway.settle(call);
      expect(await gateway.call("fourth", known)).toEqual({ ...repeated, settled: true });
      expect(await gateway.rows("call")).toBe(1);
      expect(await gateway.status("second")).toBeUndefined();
    });

    it("with another tool or payload is refused, and leaves the first as it was", async () => {
      const gateway = open();
      await gateway.call("first", known);
      expect(await gateway.call("second", { ...known, digest: "other" })).toEqual({ answer: "conflict" });
      expect(idsOf(await gateway.calls())).toEqual(["first"]);
      expect(await gateway.call("third", { ...known, digest: "other" })).toEqual({ answer: "conflict" });
    });

    it("at the same moment by many is one call", async () => {
      const gateway = open();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => gateway.call(`call-${n}`, known)),
      );
      expect(answers.filter(({ answer }) => answer === "taken")).toHaveLength(1);
      expect(new Set(answers.map((answer) => "callId" in answer && answer.callId)).size).toBe(1);
      expect(await gateway.load()).toMatchObject({ queued: 1 });
    });

    it("is another call where another caller makes it, or where it has nothing to be known by", async () => {
      const gateway = open();
      for (const identity of ["run-1/t1", "run-2/t1", null, null]) {
        expect(await gateway.call(crypto.randomUUID(), { identity })).toMatchObject({ answer: "taken" });
      }
      expect(await gateway.calls()).toHaveLength(4);
    });

    it("is a new call once the first is forgotten", async () => {
      const gateway = open();
      await gateway.call("first", known);
      await gateway.settle(await gateway.take());
      gateway.pass(900_000);
      expect(await gateway.call("second", known)).toMatchObject({ answer: "repeated", callId: "first" });
      gateway.pass(1);
      expect(await gateway.call("third", known)).toMatchObject({ answer: "taken", callId: "third" });
    });
  });

  describe("a claim", () => {
    it("holds for 60 s, that instant included; then the call goes to the next that asks, before later calls", async () => {
      const gateway = open();
      await gateway.call("a");
      const lost = await gateway.take("c1");
      await gateway.call("b");
      gateway.pass(60_000);
      expect(await gateway.load()).toMatchObject({ queued: 1, claimed: 1 });
      gateway.pass(1);
      const [again, next] = await gateway.calls("c2");
      expect([again!.call_id, next!.call_id]).toEqual(["a", "b"]);
      expect(again!.claim_id).not.toBe(lost.claim_id);
      expect(again!.deadline).toBe(isoTime(gateway.now + 60_000));
      expect(await gateway.settle(lost)).toBe("claim_lost");
      expect(await gateway.delta(lost)).toBe("claim_lost");
      expect(await gateway.settle(again!, { result: 2 })).toBe("taken");
      expect(await gateway.follow("a")).toMatchObject({ status: "done", outcome: { result: 2 } });
    });

    it("that lapsed is lost, even if no other consumer has the call yet", async () => {
      const gateway = open();
      await gateway.call("a");
      const lost = await gateway.take();
      gateway.pass(60_001);
      expect(await gateway.settle(lost)).toBe("claim_lost");
      expect(await gateway.status("a")).toBe("pending");
      expect(await gateway.load()).toMatchObject({ queued: 1, claimed: 0 });
    });

    it("is made three times at most; when the third lapses, the call has failed that very moment", async () => {
      const gateway = open();
      await gateway.call("a");
      for (const consumer of ["c1", "c2", "c3"]) {
        expect(idsOf(await gateway.calls(consumer))).toEqual(["a"]);
        gateway.pass(60_001);
      }
      const lapsedAt = gateway.now - 1;
      gateway.pass(1000);
      expect(await gateway.calls("c4")).toEqual([]);
      expect(await gateway.status("a")).toBe("timeout");
      gateway.now = lapsedAt + 900_000;
      expect(await gateway.status("a")).toBe("timeout");
      gateway.pass(1);
      expect(await gateway.status("a")).toBeUndefined();
    });

    it("is good for its own call alone, and only as it was given", async () => {
      const gateway = open();
      await gateway.call("a");
      await gateway.call("b");
      const a = await gateway.take();
      const b = await gateway.take();
      const wrong: [ClaimedCall, string][] = [
        [{ ...a, claim_id: b.claim_id }, "claim_lost"],
        [{ ...a, claim_id: `${a.claim_id}x` }, "claim_lost"],
        [{ ...a, claim_id: a.claim_id.replace(".echo", ".other") }, "claim_lost"],
        [{ ...a, claim_id: "" }, "claim_lost"],
        [{ ...a, call_id: "nobody's" }, "call_not_found"],
      ];
      for (const [held, refusal] of wrong) {
        expect(await gateway.settle(held)).toBe(refusal);
        expect(await gateway.delta(held)).toBe(refusal);
      }
      expect([await gateway.status("a"), await gateway.status("b")]).toEqual(["pending", "pending"]);
      expect((await gateway.follow("a"))!.total).toBe(0);
    });

    it("of a call that still waits does not exist", async () => {
      const gateway = open();
      await gateway.call("a");
      expect(await gateway.settle({ call_id: "a", claim_id: "undefined" })).toBe("claim_lost");
    });
  });

  describe("a delta", () => {
    it("gives its claim 60 s more, as often as one comes", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      for (let n = 0; n < 5; n += 1) {
        gateway.pass(60_000);
        expect(await gateway.delta(call)).toEqual({ deadlineAt: gateway.now + 60_000 });
      }
      gateway.pass(60_000);
      expect(await gateway.settle(call)).toBe("taken");
    });

    it("reaches the caller in order, after whatever number it has seen", async () => {
      const gateway = open();
      await gateway.call("a", { caller: "alice" });
      const call = await gateway.take();
      await gateway.delta(call, "one");
      await gateway.delta(call, "two", undefined, "err");
      gateway.pass(1000);
      await gateway.delta(call, "");
      gateway.pass(1000);
      expect(await gateway.follow("a")).toEqual({
        caller: "alice",
        toolUseId: "use-a",
        status: "pending",
        madeAt: gateway.now - 2000,
        changedAt: gateway.now - 1000,
        keptMs: 900_000,
        outcome: undefined,
        deltas: [
          { seq: 1, stream: "out", delta: "one" },
          { seq: 2, stream: "err", delta: "two" },
          { seq: 3, stream: "out", delta: "" },
        ],
        total: 3,
      });
      expect(await gateway.follow("a", 2)).toMatchObject({ deltas: [{ seq: 3 }], total: 3 });
      expect(await gateway.follow("a", 3)).toMatchObject({ deltas: [], total: 3 });
    });

    it("that is sent again is taken once, and answered with the deadline it has", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      await gateway.delta(call, "one", 1);
      const deadlineAt = gateway.now + 60_000;
      gateway.pass(10);
      expect(await gateway.delta(call, "one", 1)).toEqual({ deadlineAt });
      await gateway.delta(call, "two", 2);
      await gateway.delta(call, "two", 2);
      await gateway.delta(call, "one", 1);
      const { deltas } = (await gateway.follow("a"))!;
      expect(deltas.map(({ delta }) => delta)).toEqual(["one", "two"]);
    });

    it("is numbered anew under another claim, and stands after those of the one that lapsed", async () => {
      const gateway = open();
      await gateway.call("a");
      await gateway.delta(await gateway.take("c1"), "lapsed", 1);
      gateway.pass(60_001);
      await gateway.delta(await gateway.take("c2"), "again", 1);
      expect((await gateway.follow("a"))!.deltas).toEqual([
        { seq: 1, stream: "out", delta: "lapsed" },
        { seq: 2, stream: "out", delta: "again" },
      ]);
    });

    it("is refused where the call has sent 4,000,000 characters, and the result is still taken", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      const half = "x".repeat(DELTA_CHARS_MAX / 2);
      expect(half).toHaveLength(2_000_000);
      await gateway.delta(call, half.slice(1));
      expect(await gateway.delta(call, `${half}xx`)).toBe("stream_full");
      expect(await gateway.delta(call, `${half}x`)).toMatchObject({ deadlineAt: expect.any(Number) });
      expect(await gateway.delta(call, "x")).toBe("stream_full");
      expect((await gateway.follow("a", 2))!.total).toBe(2);
      expect(await gateway.settle(call)).toBe("taken");
    });

    it("is refused once the call is settled, and does not reach the caller", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      await gateway.settle(call);
      expect(await gateway.delta(call)).toBe("call_settled");
      expect((await gateway.follow("a"))!.total).toBe(0);
    });
  });

  describe("an answer", () => {
    it("settles its call for good: whatever comes later is refused, and changes nothing", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      const outcome = { result: { text: "é\u0000" }, bounds: { total: 1 }, server_data: [{ kind: "k" }] };
      expect(await gateway.settle(call, outcome)).toBe("taken");
      const settled = await gateway.follow("a");
      expect(settled).toMatchObject({ status: "done", outcome });
      for (const later of [{ result: "other" }, { error }]) {
        expect(await gateway.settle(call, later)).toBe("call_settled");
        expect(await gateway.settle({ ...call, claim_id: "other" }, later)).toBe("call_settled");
      }
      gateway.pass(900_000);
      expect(await gateway.follow("a")).toEqual(settled);
    });

    it("may say what went wrong, and the caller hears it as it was said", async () => {
      const gateway = open();
      await gateway.call("a");
      await gateway.settle(await gateway.take(), { error });
      expect(await gateway.follow("a")).toMatchObject({ status: "failed", outcome: { error } });
    });

    it("is taken once, of two that come at the same moment", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      const answers = await Promise.all([1, 2, 3].map((result) => gateway.settle(call, { result })));
      expect(answers).toEqual(["taken", "call_settled", "call_settled"]);
      expect(await gateway.follow("a")).toMatchObject({ outcome: { result: 1 } });
    });

    it("comes too late for a call that has failed, and does not heal it", async () => {
      const gateway = open();
      await gateway.call("a");
      await gateway.take("c1");
      gateway.pass(60_001);
      await gateway.take("c2");
      gateway.pass(60_001);
      const last = await gateway.take("c3");
      gateway.pass(60_001);
      expect(await gateway.settle(last)).toBe("call_settled");
      expect(await gateway.status("a")).toBe("timeout");
    });

    it("is kept with its deltas for 15 min, that instant included, and then nothing of it is left", async () => {
      const gateway = open();
      await gateway.call("a");
      const call = await gateway.take();
      await gateway.delta(call);
      await gateway.delta(call);
      await gateway.call("b");
      await gateway.delta(await gateway.take());
      await gateway.settle(call);
      gateway.pass(900_000);
      expect((await gateway.follow("a"))!.deltas).toHaveLength(2);
      expect([await gateway.rows("call"), await gateway.rows("delta")]).toEqual([2, 3]);
      gateway.pass(1);
      expect(await gateway.follow("a")).toBeUndefined();
      expect([await gateway.rows("call"), await gateway.rows("delta")]).toEqual([1, 1]);
      expect(await gateway.settle(call)).toBe("call_not_found");
    });
  });
}
