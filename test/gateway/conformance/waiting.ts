import { describe, expect, it } from "vitest";
import { epochOf, idsOf, type OpenedGateway, type OpenGateway } from "../../support/tool-gateway.ts";

export function letsWait(open: OpenGateway): void {
  /** Whether a wait is over, by the time that an object has answered what it was asked after that. */
  async function isOver(wait: Promise<unknown>, opened: OpenedGateway): Promise<boolean> {
    let over = false;
    void wait.then(() => (over = true));
    await opened.load();
    return over;
  }

  /** A consumer that has what there is, and waits for more. */
  async function waiting(opened: OpenedGateway, consumer?: string): Promise<Promise<void>[]> {
    const { seen } = await opened.claim(consumer);
    return [opened.gateway.arrived(seen, 100)];
  }

  const WAKING: Record<string, (opened: OpenedGateway) => Promise<unknown>> = {
    "a call": (opened) => opened.call("new"),
    "the tick": (opened) => opened.tick(),
    "a later registration": ({ gateway, now }) => gateway.open(epochOf(2), now),
    "the end of the registration": ({ gateway, epoch, now }) => gateway.close(epoch, now),
  };

  describe("a consumer that waits", () => {
    it.each([0, 1])("is woken by the cancellation of a call that it has, where it takes %i", async (max) => {
      const opened = open();
      await opened.call("a");
      const { call_id, claim_id } = await opened.take("c1");
      const { seen } = await opened.claim("c1", max);
      const wait = opened.gateway.arrived(seen, max);
      await opened.gateway.cancel(call_id, opened.now);
      expect(await isOver(wait, opened)).toBe(true);
      expect((await opened.claim("c1", max)).messages).toEqual([{ type: "cancel", call_id, claim_id }]);
    });

    it("is not woken by a call where it takes none", async () => {
      const opened = open();
      const { seen } = await opened.claim("c1", 0);
      const wait = opened.gateway.arrived(seen, 0);
      await opened.call("a");
      expect(await isOver(wait, opened)).toBe(false);
      await opened.gateway.close(opened.epoch, opened.now);
      expect(await isOver(wait, opened)).toBe(true);
    });

    it.each(Object.entries(WAKING))("is woken by %s", async (_, wakes) => {
      const opened = open();
      const [wait] = await waiting(opened);
      expect(await isOver(wait!, opened)).toBe(false);
      await wakes(opened);
      expect(await isOver(wait!, opened)).toBe(true);
    });

    it.each(Object.entries(WAKING))(
      "does not miss %s that came after it claimed and before it waited",
      async (_, wakes) => {
        const opened = open();
        const { seen } = await opened.claim();
        await wakes(opened);
        expect(await isOver(opened.gateway.arrived(seen, 100), opened)).toBe(true);
      },
    );

    it("does not miss what came with an eviction", async () => {
      const opened = open();
      const { seen } = await opened.claim();
      await opened.call("a");
      await opened.evict();
      expect(await isOver(opened.gateway.arrived(seen, 100), opened)).toBe(true);
    });

    it("is not woken by what gives it nothing to do", async () => {
      const opened = open();
      await opened.call("a", { identity: "known" });
      const call = await opened.take();
      const [wait] = await waiting(opened);
      await opened.call("a again", { identity: "known" });
      await opened.delta(call);
      await opened.settle(call);
      await opened.gateway.open(epochOf(1), opened.now);
      await opened.gateway.open(epochOf(0), opened.now);
      await opened.claim("c2");
      expect(await isOver(wait!, opened)).toBe(false);
      await opened.tick();
    });

    it("claims nothing by waiting: the call is there for another, and a wait that was woken for it comes again", async () => {
      const opened = open();
      const [one] = await waiting(opened, "c1");
      const [two] = await waiting(opened, "c2");
      await opened.call("a");
      await Promise.all([one, two]);
      expect(idsOf(await opened.calls("c2"))).toEqual(["a"]);
      const { messages, seen } = await opened.claim("c1");
      expect(messages).toEqual([]);
      const again = opened.gateway.arrived(seen, 100);
      expect(await isOver(again, opened)).toBe(false);
      await opened.call("b");
      expect(await isOver(again, opened)).toBe(true);
    });

    it("is one of any number, all of which are woken, and each of which gets a call if there are as many", async () => {
      const opened = open();
      const consumers = Array.from({ length: 100 }, (_, n) => `c${n}`);
      const got = consumers.map(async (consumer) => {
        for (;;) {
          const { messages, seen } = await opened.claim(consumer, 1);
          const [id] = idsOf(messages);
          if (id) return id;
          await opened.gateway.arrived(seen, 100);
        }
      });
      const ids = consumers.map((_, n) => `call-${n}`);
      for (const id of ids) await opened.call(id);
      expect((await Promise.all(got)).toSorted()).toEqual(ids.toSorted());
    });
  });

  /** A call that a consumer has, and its caller, who has seen no delta. */
  async function awaited() {
    const opened = open();
    await opened.call("a");
    const call = await opened.take();
    return { opened, call, wait: opened.gateway.changed("a", 0) };
  }

  describe("a caller that waits", () => {
    it("is woken by a delta, and by the next if it has seen the first", async () => {
      const { opened, call, wait } = await awaited();
      expect(await isOver(wait, opened)).toBe(false);
      await opened.delta(call, "one", 1);
      expect(await isOver(wait, opened)).toBe(true);
      const next = opened.gateway.changed("a", 1);
      await opened.delta(call, "one", 1);
      expect(await isOver(next, opened)).toBe(false);
      await opened.delta(call, "two", 2);
      expect(await isOver(next, opened)).toBe(true);
      const delta = (seq: number, text: string) => ({ seq, stream: "out", delta: text });
      expect(await wait).toMatchObject({ status: "pending", deltas: [delta(1, "one")], total: 1 });
      expect(await next).toMatchObject({ status: "pending", deltas: [delta(2, "two")], total: 2 });
    });

    it("is woken by the answer", async () => {
      const { opened, call, wait } = await awaited();
      await opened.settle(call);
      expect(await isOver(wait, opened)).toBe(true);
      expect(await wait).toMatchObject({ status: "done", outcome: { result: "done" } });
      expect(await opened.gateway.changed("none", 0)).toBeUndefined();
    });

    it("is woken when the call fails by itself, and by the end of its registration", async () => {
      const late = await awaited();
      late.opened.pass(60_000 + 300_001);
      await late.opened.tick();
      expect(await isOver(late.wait, late.opened)).toBe(true);
      const ended = await awaited();
      await ended.opened.gateway.open(epochOf(2), ended.opened.now);
      expect(await isOver(ended.wait, ended.opened)).toBe(true);
    });

    it("is not woken by what happens to other calls, nor by what its caller does not see", async () => {
      const { opened, wait } = await awaited();
      await opened.call("b");
      const other = await opened.take("c2");
      await opened.delta(other);
      await opened.settle(other);
      opened.pass(60_001);
      await opened.tick();
      await opened.take("c2");
      expect(await isOver(wait, opened)).toBe(false);
      await opened.gateway.close(opened.epoch, opened.now);
    });

    it("does not wait for what is there already, or for what will never come", async () => {
      const { opened, call } = await awaited();
      await opened.delta(call);
      expect(await isOver(opened.gateway.changed("a", 0), opened)).toBe(true);
      await opened.settle(call);
      expect(await isOver(opened.gateway.changed("a", 1), opened)).toBe(true);
      expect(await isOver(opened.gateway.changed("nobody's", 0), opened)).toBe(true);
    });

    it("is one of any number, all of which are woken", async () => {
      const { opened, call } = await awaited();
      const waits = Array.from({ length: 100 }, () => opened.gateway.changed("a", 0));
      await opened.settle(call);
      await Promise.all(waits);
      expect(await opened.status("a")).toBe("done");
    });
  });
}
