import { describe, expect, it } from "vitest";
import { INTERVAL_MS, type OpenGateway, pingsOf } from "../../support/tool-gateway.ts";

export function asksWhoLives(open: OpenGateway): void {
  describe("a consumer that polls", () => {
    it("is pinged when it attaches and each interval from then on, not more often", async () => {
      const opened = open();
      const pings: string[] = [];
      const polls: [number, number][] = [];
      for (const ms of [0, 0, 9999, 1, 5000, 5000, 30_000]) {
        opened.pass(ms);
        const { messages, pingInMs } = await opened.claim("c1");
        pings.push(...pingsOf(messages));
        polls.push([messages.length, pingInMs]);
      }
      expect(polls).toEqual([
        [1, 10_000],
        [0, 10_000],
        [0, 1],
        [1, 10_000],
        [0, 5000],
        [1, 10_000],
        [1, 10_000],
      ]);
      expect(new Set(pings).size).toBe(4);
    });

    it("is pinged by itself, even right after another consumer", async () => {
      const opened = open();
      for (const consumer of ["c1", "c2"]) {
        expect(pingsOf((await opened.claim(consumer)).messages)).toHaveLength(1);
        opened.pass(5000);
      }
      expect(pingsOf((await opened.claim("c1")).messages)).toHaveLength(1);
      expect(pingsOf((await opened.claim("c2")).messages)).toHaveLength(0);
    });

    it("is attached for 40 s, that instant included, and after that attaches anew", async () => {
      const opened = open();
      const poll = async () => pingsOf((await opened.claim("c1", 1, 300_000)).messages).length;
      const pings: number[] = [];
      for (const ms of [0, 40_000, 40_001]) {
        opened.pass(ms);
        pings.push(await poll());
      }
      expect(pings).toEqual([1, 0, 1]);
      opened.pass(40_000);
      expect((await opened.load()).consumers).toBe(1);
      opened.pass(1);
      expect((await opened.load()).consumers).toBe(0);
    });

    it("gets its ping before the calls, however few it takes", async () => {
      const opened = open();
      await opened.call("a");
      const { messages } = await opened.claim("c1", 1);
      expect(messages.map(({ type }) => type)).toEqual(["ping", "call"]);
    });
  });

  describe("the alarm", () => {
    it("is not set where there is nothing to do", async () => {
      const opened = open();
      await opened.load();
      await opened.follow("a");
      await opened.gateway.open(opened.epoch, opened.now);
      expect(await opened.wakesInMs()).toBeNull();
      await opened.tick();
      expect(await opened.wakesInMs()).toBeNull();
    });

    it("is set for the moment after a call is due, and then for the next, until nothing is left", async () => {
      const opened = open();
      await opened.call("a");
      expect(await opened.wakesInMs()).toBe(300_001);
      opened.pass(1000);
      await opened.call("b");
      expect(await opened.wakesInMs()).toBe(299_001);
      const woken: number[] = [];
      for (let ms = await opened.wakesInMs(); ms !== null; ms = await opened.wakesInMs()) {
        woken.push(ms);
        opened.pass(ms);
        await opened.tick();
      }
      expect(woken).toEqual([299_001, 1000, 899_000, 1000]);
      expect([await opened.rows("call"), await opened.rows("delta")]).toEqual([0, 0]);
    });

    it("comes each interval while a consumer polls, and stops 40 s after the last poll", async () => {
      const opened = open();
      await opened.claim();
      const woken: number[] = [];
      for (let ms = await opened.wakesInMs(); ms !== null; ms = await opened.wakesInMs()) {
        woken.push(ms);
        opened.pass(ms);
        await opened.tick();
      }
      expect(woken).toEqual(Array(5).fill(INTERVAL_MS));
    });

    it("comes sooner once a consumer attaches to a queue that waits", async () => {
      const opened = open();
      await opened.call("a");
      await opened.claim();
      expect(await opened.wakesInMs()).toBe(INTERVAL_MS);
    });

    it("is unset when the toolset is unregistered and nothing is kept", async () => {
      const opened = open();
      await opened.claim();
      await opened.gateway.close(opened.epoch, opened.now);
      expect(await opened.wakesInMs()).toBeNull();
    });

    it("keeps its time however often the object is asked meanwhile", async () => {
      const opened = open();
      await opened.claim();
      for (let n = 1; n <= 9; n += 1) {
        opened.pass(1000);
        await opened.claim("c1");
        await opened.call(`a${n}`);
        expect(await opened.wakesInMs()).toBe(INTERVAL_MS - n * 1000);
      }
    });

    it("outlives an eviction", async () => {
      const opened = open();
      await opened.call("a");
      await opened.evict();
      expect(await opened.wakesInMs()).toBe(300_001);
    });

    it("goes off by itself, and fails an unclaimed call without a request", async () => {
      const opened = open();
      // The one test on the platform's clock: the call is due in its past, so that the alarm goes off at once.
      opened.now = Date.now() - 400_000;
      await opened.call("a");
      await opened.gateway.changed("a", 0);
      const state = await opened.inside(
        (_, storage) => storage.sql.exec<{ status: string }>("SELECT status FROM call").one().status,
      );
      expect(state).toBe("failed");
    });
  });
}
