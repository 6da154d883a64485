import { describe, expect, it } from "vitest";
import { SocketGateway } from "../support/provider-socket.ts";
import { epochOf, INTERVAL_MS } from "../support/tool-gateway.ts";

/** What registrations, cancellation and the alarm do for polls (conformance/) they do for sockets. */

const attached = (opened: SocketGateway): Promise<unknown> =>
  opened.socket().then(
    () => "attached",
    (error: unknown) => (String(error).includes("409") ? "stale" : error),
  );

describe("a call that is cancelled", () => {
  it("is told at once on a socket, which gets the next call in its place", async () => {
    const opened = new SocketGateway();
    await opened.call("a");
    await opened.call("b");
    const socket = await opened.socket("s1", 1);
    const [a] = await socket.calls();
    await opened.gateway.cancel("a", opened.now);
    expect(await socket.received()).toMatchObject([
      { type: "cancel", call_id: "a", claim_id: a!.claim_id },
      { type: "call", call_id: "b" },
    ]);
  });
});

describe("the alarm", () => {
  it("comes sooner once a socket is attached to a queue that waits", async () => {
    const opened = new SocketGateway();
    await opened.call("a");
    await opened.socket();
    expect(await opened.wakesInMs()).toBe(INTERVAL_MS);
  });

  it("comes each interval while a socket is open, and no more once it is closed", async () => {
    const opened = new SocketGateway();
    const socket = await opened.socket();
    for (let n = 0; n < 10; n += 1) {
      expect(await opened.wakesInMs()).toBe(INTERVAL_MS);
      opened.pass(INTERVAL_MS);
      await opened.tick();
    }
    await socket.close();
    opened.pass(INTERVAL_MS);
    await opened.tick();
    expect(await opened.wakesInMs()).toBeNull();
  });
});

describe("a registration", () => {
  it("of which a socket tells the gateway fails what waited for the one before", async () => {
    const opened = new SocketGateway();
    await opened.call("held");
    const held = await opened.take("c1");
    await opened.call("waiting");
    opened.epoch = epochOf(2);
    expect(await attached(opened)).toBe("attached");
    expect([await opened.status("held"), await opened.status("waiting")]).toEqual([
      "stale_registration",
      "stale_registration",
    ]);
    opened.epoch = epochOf(1);
    expect(await opened.settle(held)).toBe("stale");
  });

  it("does not count the sockets of the one before", async () => {
    const opened = new SocketGateway();
    await opened.socket();
    expect(await opened.load()).toMatchObject({ consumers: 1 });
    await opened.gateway.open(epochOf(2), opened.now);
    expect(await opened.load()).toMatchObject({ consumers: 0 });
  });

  it("that is not the current one, or has ended, has no socket, and changes nothing by asking for one", async () => {
    const opened = new SocketGateway();
    opened.epoch = epochOf(2);
    await opened.call("held");
    await opened.take("c1");
    for (const stale of [epochOf(1), { ...epochOf(2), fence: "another" }]) {
      opened.epoch = stale;
      expect(await attached(opened)).toBe("stale");
    }
    expect(await opened.load()).toEqual({ queued: 0, claimed: 1, consumers: 1 });
    await opened.gateway.close(epochOf(2), opened.now);
    for (const ended of [epochOf(2), epochOf(1)]) {
      opened.epoch = ended;
      expect(await attached(opened)).toBe("stale");
    }
    expect(await opened.load()).toEqual({ queued: 0, claimed: 0, consumers: 0 });
  });
});
