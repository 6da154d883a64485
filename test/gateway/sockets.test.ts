import { describe, expect, it } from "vitest";
import { isoTime } from "../../src/core/time.ts";
import { SocketGateway } from "../support/provider-socket.ts";
import { epochOf, idsOf, pingsOf } from "../support/tool-gateway.ts";

const callAll = async (opened: SocketGateway, ...ids: string[]) => {
  for (const id of ids) await opened.call(id);
};

describe("a provider's socket", () => {
  it("gets a ping at once, and what waits, as much as it takes, as a poll would", async () => {
    const opened = new SocketGateway();
    await callAll(opened, "a", "b", "c");
    const socket = await opened.socket("s1", 2);
    const messages = await socket.received();
    expect(pingsOf(messages)).toEqual([expect.stringMatching(/^fence-1\/[\w-]{36}$/)]);
    expect(messages.slice(1)).toEqual([
      {
        type: "call",
        claim_id: expect.stringMatching(/^[\w-]{36}\.echo$/),
        call_id: "a",
        tool_use_id: "use-a",
        tool: "echo",
        payload: { of: "a" },
        meta: {},
        deadline: isoTime(opened.now + 60_000),
      },
      expect.objectContaining({ call_id: "b" }),
    ]);
  });

  it("gets each call as it comes, until it has as many as it takes, and one more for each that is answered", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket("s1", 2);
    await socket.received();
    await opened.call("a");
    const [a] = await socket.calls();
    await callAll(opened, "b", "c", "d", "e");
    const [b, ...none] = await socket.calls();
    expect([a!.call_id, b!.call_id, none]).toEqual(["a", "b", []]);
    await opened.settle(a!);
    expect(idsOf(await socket.received())).toEqual(["c"]);
    await opened.settle(b!, { error: { code: "boom", message: "" } });
    expect(idsOf(await socket.received())).toEqual(["d"]);
    await opened.delta(b!);
    await opened.settle(a!);
    expect(await socket.received()).toEqual([]);
  });

  it("gets the calls that others lost, once their claims have lapsed", async () => {
    const opened = new SocketGateway();
    await opened.call("a");
    await opened.take("c1");
    const socket = await opened.socket("s1", 1);
    opened.pass(60_000);
    await opened.tick();
    expect(await socket.calls()).toEqual([]);
    opened.pass(1);
    await opened.tick();
    expect(idsOf(await socket.received())).toEqual(["a"]);
  });

  it("is closed within 20 s of the end of its key, however rarely it is pinged; not while nobody knows", async () => {
    const opened = new SocketGateway();
    const hour = 3_600_000;
    const [gone, stays, configured] = [
      await opened.socket("s1", 1, hour, "k1"),
      await opened.socket("s2", 1, hour, "k2"),
      await opened.socket("s3", 1, hour),
    ];
    const asked: string[][] = [];
    const answer = (...ended: string[]) =>
      opened.inside((object) => {
        object.endedKeys = async (ids) => {
          asked.push([...ids].toSorted());
          return new Set(ended);
        };
      });
    const wake = async () => {
      const at = await opened.inside((_, storage) => storage.getAlarm());
      expect(at).toBeLessThanOrEqual(opened.now + 20_000);
      opened.now = at!;
      await opened.tick();
    };
    await opened.inside((object) => {
      object.endedKeys = () => Promise.reject(new Error("no answer"));
    });
    await wake();
    await answer();
    await wake();
    await opened.tick();
    expect(asked).toEqual([["k1", "k2"]]);
    await answer("k1");
    await wake();
    expect(await gone.closed).toBe(4401);
    for (const socket of [stays, configured]) expect(pingsOf(await socket.received())).toHaveLength(1);
  });

  it("is closed when its own claim lapses, so that one who went silent does not get the call again", async () => {
    const opened = new SocketGateway();
    const [silent, other] = [await opened.socket("s1", 1), await opened.socket("s2", 1)];
    await callAll(opened, "a", "b");
    const [lost] = await silent.calls();
    const [done] = await other.calls();
    await opened.settle(done!);
    opened.pass(60_001);
    await opened.tick();
    expect(await silent.closed).toBe(4408);
    expect(idsOf(await other.received())).toEqual([lost!.call_id]);
    expect(await opened.settle(lost!)).toBe("claim_lost");
  });

  it("shares the calls with the other sockets, each of which gets what it has room for", async () => {
    const opened = new SocketGateway();
    const sockets = await Promise.all(["s1", "s2", "s3"].map((consumer) => opened.socket(consumer, 1)));
    await callAll(opened, "a", "b", "c", "d");
    const got = await Promise.all(sockets.map((socket) => socket.calls()));
    expect(got.map((calls) => calls.length)).toEqual([1, 1, 1]);
    expect(idsOf(got.flat()).toSorted()).toEqual(["a", "b", "c"]);
    expect(await opened.load()).toEqual({ queued: 1, claimed: 3, consumers: 3 });
  });

  it("is closed when its consumer opens another, which gets what comes then, no more than it takes", async () => {
    const opened = new SocketGateway();
    const first = await opened.socket("s1", 2);
    await callAll(opened, "a", "b");
    const [a] = await first.calls();
    await opened.evict();
    const second = await opened.socket("s1", 2);
    expect(await first.closed).toBe(4409);
    await opened.call("c");
    expect(idsOf(await second.received())).toEqual([]);
    await opened.settle(a!);
    expect(idsOf(await second.received())).toEqual(["c"]);
    expect(await opened.load()).toEqual({ queued: 0, claimed: 2, consumers: 1 });
  });

  it("is pinged each interval, neither sooner nor more often", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    const pings = [...pingsOf(await socket.received())];
    for (const ms of [9999, 1, 0, 1, 9998, 1, 10_000]) {
      opened.pass(ms);
      await opened.tick();
      pings.push(...pingsOf(await socket.received()));
    }
    expect(pings).toHaveLength(4);
    expect(new Set(pings).size).toBe(4);
  });

  it("is pinged at its own interval, whatever other consumers are attached", async () => {
    const opened = new SocketGateway();
    const first = await opened.socket("s1");
    opened.pass(4000);
    const second = await opened.socket("s2");
    await Promise.all([first.received(), second.received()]);
    const pinged: [number, string][] = [];
    for (let n = 0; n < 4; n += 1) {
      opened.pass((await opened.wakesInMs())!);
      await opened.tick();
      if ((await first.received()).length > 0) pinged.push([opened.now - epochOf(0).registeredAt, "s1"]);
      if ((await second.received()).length > 0) pinged.push([opened.now - epochOf(0).registeredAt, "s2"]);
    }
    expect(pinged).toEqual([
      [10_000, "s1"],
      [14_000, "s2"],
      [20_000, "s1"],
      [24_000, "s2"],
    ]);
  });

  it("is refused to a provider that knows an earlier registration", async () => {
    const opened = new SocketGateway();
    await opened.gateway.open(epochOf(2), opened.now);
    const request = { epoch: epochOf(1), consumer: "s1", max: 1, intervalMs: 10_000 };
    const { status, webSocket } = await opened.gateway.socket(request, opened.now);
    expect([status, webSocket]).toEqual([409, null]);
    expect((await opened.load()).consumers).toBe(0);
  });

  it("takes a consumer's name as it is", async () => {
    const opened = new SocketGateway();
    const names = ["é — \u{1f600} %41 \"'", "\u{1f600}".repeat(64)];
    for (const name of names) {
      const socket = await opened.socket(name, 1);
      expect(await socket.received()).toHaveLength(1);
    }
    expect((await opened.load()).consumers).toBe(2);
  });

  it("that says something of its own does no harm", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    await socket.received();
    for (const text of ["hello", "", "PING", '{"type":"call"}']) socket.send(text);
    await opened.call("a");
    expect(idsOf(await socket.received())).toEqual(["a"]);
    expect((await opened.load()).consumers).toBe(1);
  });
});

describe("a provider's socket whose object is evicted", () => {
  it("stays open, and gets what comes, no more than it takes", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket("s1", 2);
    await opened.call("a");
    await opened.evict();
    await opened.call("b");
    await opened.evict();
    await opened.call("c");
    await opened.evict();
    const [a, b, ...none] = await socket.calls();
    expect([a!.call_id, b!.call_id, none]).toEqual(["a", "b", []]);
    expect((await opened.load()).consumers).toBe(1);
    await opened.evict();
    await opened.settle(a!);
    expect(idsOf(await socket.received())).toEqual(["c"]);
  });

  it("is pinged when it would have been", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    expect(pingsOf(await socket.received())).toHaveLength(1);
    for (const [ms, count] of [
      [9999, 0],
      [1, 1],
      [9999, 0],
      [1, 1],
    ] as const) {
      await opened.evict();
      opened.pass(ms);
      await opened.tick();
      expect(pingsOf(await socket.received())).toHaveLength(count);
    }
  });

  it("goes on being woken for at its own interval", async () => {
    for (const intervalMs of [2000, 60_000]) {
      const opened = new SocketGateway();
      await opened.socket("s1", 1, intervalMs);
      await opened.load();
      await opened.evict();
      opened.pass(intervalMs);
      await opened.tick();
      expect(await opened.wakesInMs()).toBe(intervalMs);
    }
  });

  it("is answered by the platform, without waking the object", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    await opened.evict();
    expect(await socket.received()).toHaveLength(1);
    // Only what is awake can be evicted.
    await expect(opened.evict()).rejects.toThrow("not currently running");
  });
});

describe("a provider's socket that is no more", () => {
  it.each(["registered anew", "unregistered"])(
    "because the toolset was %s says so with 4410, hibernating or not",
    async (how) => {
      for (const evicted of [false, true]) {
        const opened = new SocketGateway();
        const sockets = [await opened.socket("s1"), await opened.socket("s2")];
        if (evicted) await opened.evict();
        const { gateway, epoch, now } = opened;
        await (how === "unregistered" ? gateway.close(epoch, now) : gateway.open(epochOf(2), now));
        expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4410, 4410]);
        expect((await opened.load()).consumers).toBe(0);
      }
    },
  );

  it("because of the very call that told of a later registration does not get it", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    opened.epoch = epochOf(2);
    opened.pass(10_000);
    await opened.call("a");
    expect(await socket.closed).toBe(4410);
    expect(await opened.load()).toEqual({ queued: 1, claimed: 0, consumers: 0 });
  });

  it("gets nothing more, and its call goes to another consumer once its claim has lapsed", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket("s1", 1);
    await opened.call("a");
    await socket.calls();
    await socket.close();
    expect(await opened.load()).toEqual({ queued: 0, claimed: 1, consumers: 0 });
    await opened.call("b");
    expect(idsOf(await opened.calls("c1"))).toEqual(["b"]);
    opened.pass(60_001);
    expect(idsOf(await opened.calls("c1"))).toEqual(["a", "b"]);
  });

  it("while the object hibernates is noticed all the same", async () => {
    const opened = new SocketGateway();
    const [gone, there] = [await opened.socket("s1"), await opened.socket("s2")];
    await opened.evict();
    await gone.close();
    expect((await opened.load()).consumers).toBe(1);
    await opened.call("a");
    expect(idsOf(await there.received())).toEqual(["a"]);
  });

  it("still answers what it had", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    await opened.call("a");
    const [a] = await socket.calls();
    await socket.close();
    expect(await opened.settle(a!)).toBe("taken");
  });
});
