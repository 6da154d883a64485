import { describe, expect, it } from "vitest";
import { epochOf, type OpenedGateway, type OpenGateway } from "../../support/tool-gateway.ts";

export function cancels(open: OpenGateway): void {
  const cancelled = (opened: OpenedGateway, callId: string) => opened.gateway.cancel(callId, opened.now);
  const FAILED = { error: { code: "cancelled", message: expect.any(String) as string } };

  describe("a call that is cancelled", () => {
    it("is given to no provider any more, and says so to its caller", async () => {
      const opened = open();
      await opened.call("a", { identity: "known" });
      const changed = opened.gateway.changed("a", 0);
      expect(await cancelled(opened, "a")).toEqual(FAILED);
      await changed;
      expect(await opened.status("a")).toBe("cancelled");
      expect(await opened.calls()).toEqual([]);
      // No provider had it, so it can be made again.
      expect(await opened.call("b", { identity: "known" })).toMatchObject({ answer: "taken", callId: "b" });
    });

    it("is told once to the consumer that has it, whose answer is too late", async () => {
      const opened = open();
      await opened.call("a");
      const call = await opened.take("c1");
      await cancelled(opened, "a");
      await opened.evict();
      expect((await opened.claim("c2", 0)).messages).toMatchObject([{ type: "ping" }]);
      const { messages } = await opened.claim("c1", 0);
      expect(messages.filter(({ type }) => type !== "ping")).toEqual([
        { type: "cancel", call_id: "a", claim_id: call.claim_id },
      ]);
      expect((await opened.claim("c1", 0)).messages).toEqual([]);
      expect(await opened.settle(call)).toBe("call_settled");
      expect(await opened.delta(call)).toBe("call_settled");
      expect(await opened.load()).toMatchObject({ queued: 0, claimed: 0 });
    });

    it("is told to nobody once its claim would have ended, or its registration has", async () => {
      const opened = open();
      await opened.call("a");
      await opened.take("c1");
      await cancelled(opened, "a");
      opened.pass(60_001);
      expect((await opened.claim("c1", 0)).messages).toMatchObject([{ type: "ping" }]);
      await opened.call("b");
      await opened.take("c1");
      await cancelled(opened, "b");
      opened.epoch = epochOf(2);
      expect((await opened.claim("c1", 0)).messages).toMatchObject([{ type: "ping" }]);
    });

    it("stays cancelled when it is cancelled again, and one with another outcome keeps that", async () => {
      const opened = open();
      await opened.call("a");
      const first = await cancelled(opened, "a");
      opened.pass(1000);
      expect(await cancelled(opened, "a")).toEqual(first);
      await opened.call("b");
      await opened.settle(await opened.take());
      expect(await cancelled(opened, "b")).toBe("call_settled");
      expect(await opened.status("b")).toBe("done");
      expect(await cancelled(opened, "c")).toBe("call_not_found");
    });
  });
}
