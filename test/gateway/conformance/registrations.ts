import { describe, expect, it } from "vitest";
import {
  type CallMessage,
  epochOf,
  idsOf,
  type OpenedGateway,
  type OpenGateway,
  pingsOf,
} from "../../support/tool-gateway.ts";

export function registers(open: OpenGateway): void {
  /** A gateway with a call that waits, one that a consumer has, and one that is done. */
  async function busy(): Promise<{ gateway: OpenedGateway; held: CallMessage }> {
    const gateway = open();
    await gateway.call("done");
    await gateway.settle(await gateway.take("c1"));
    await gateway.call("held");
    const held = await gateway.take("c1");
    await gateway.call("waiting");
    return { gateway, held };
  }

  const statuses = async (gateway: OpenedGateway) => [
    await gateway.status("done"),
    await gateway.status("held"),
    await gateway.status("waiting"),
  ];
  const ENDED = ["done", "stale_registration", "stale_registration"];

  /** Each method that names a registration. */
  const ASKING: Record<string, (gateway: OpenedGateway, held: CallMessage) => Promise<unknown>> = {
    "a call": (gateway) => gateway.call("new"),
    "a claim": (gateway) =>
      gateway
        .claim("c2")
        .catch((error: unknown) => (String(error).includes("current one") ? "stale" : error)),
    "a delta": (gateway, held) => gateway.delta(held),
    "an answer": (gateway, held) => gateway.settle(held),
  };

  /** Those that are believed: an answer comes with a token that nobody has compared with the store. */
  const { "a delta": _d, "an answer": _a, ...BELIEVED } = ASKING;
  const TELLING: typeof ASKING = {
    ...BELIEVED,
    "its beginning": ({ gateway, epoch, now }) => gateway.open(epoch, now),
  };

  describe("a later registration", () => {
    it.each(Object.entries(TELLING))(
      "of which %s tells the gateway fails what waited for the one before, and leaves what is settled",
      async (_, ask) => {
        const { gateway, held } = await busy();
        gateway.epoch = epochOf(2);
        gateway.pass(1000);
        await ask(gateway, held);
        expect(await statuses(gateway)).toEqual(ENDED);
        gateway.epoch = epochOf(1);
        expect(await gateway.settle(held)).toBe("stale");
      },
    );

    it.each(["a delta", "an answer"] as const)("is not begun by %s", async (what) => {
      const { gateway, held } = await busy();
      gateway.epoch = epochOf(2);
      expect(await ASKING[what]!(gateway, held)).toBe("stale");
      expect(await statuses(gateway)).toEqual(["done", "pending", "pending"]);
      gateway.epoch = epochOf(1);
      expect(await gateway.settle(held)).toBe("taken");
    });

    it("tells the caller whether its call may have been carried out", async () => {
      const { gateway } = await busy();
      await gateway.gateway.open(epochOf(2), gateway.now);
      const messages = await Promise.all(["held", "waiting"].map((id) => gateway.follow(id)));
      expect(messages.map((followed) => followed!.outcome)).toEqual([
        {
          error: {
            code: "stale_registration",
            message: expect.stringContaining("may have been carried out"),
          },
        },
        { error: { code: "stale_registration", message: expect.stringContaining("before anybody claimed") } },
      ]);
    });

    it("keeps what it ended for 15 min from then", async () => {
      const { gateway } = await busy();
      gateway.pass(30_000);
      await gateway.gateway.open(epochOf(2), gateway.now);
      gateway.pass(900_000);
      expect(await gateway.status("waiting")).toBe("stale_registration");
      gateway.pass(1);
      expect(await gateway.status("waiting")).toBeUndefined();
    });

    it("has a queue of its own, and a claim from before counts for nothing in it", async () => {
      const { gateway, held } = await busy();
      gateway.epoch = epochOf(2);
      await gateway.call("new");
      const claimed = await gateway.claim("c1");
      expect(idsOf(claimed.messages)).toEqual(["new"]);
      expect(await gateway.settle(held)).toBe("call_settled");
      expect(await gateway.delta(held)).toBe("call_settled");
    });

    it("pings its providers at once, in its own name, however lately they were pinged in another's", async () => {
      const { gateway } = await busy();
      gateway.epoch = epochOf(2);
      const pings = pingsOf((await gateway.claim("c1")).messages);
      expect(pings).toEqual([expect.stringMatching(/^fence-2\/[\w-]{36}$/)]);
    });

    it("is not ended by its own beginning being told again, however late", async () => {
      const { gateway, held } = await busy();
      await gateway.gateway.open(epochOf(1), gateway.now);
      expect(await statuses(gateway)).toEqual(["done", "pending", "pending"]);
      expect(await gateway.settle(held)).toBe("taken");
    });

    it("does not count the consumers of the registration before", async () => {
      const { gateway } = await busy();
      await gateway.claim("c2");
      expect((await gateway.load()).consumers).toBe(2);
      await gateway.gateway.open(epochOf(2), gateway.now);
      expect(await gateway.load()).toEqual({ queued: 0, claimed: 0, consumers: 0 });
    });
  });

  describe("a request in the name of an earlier registration", () => {
    it.each(Object.entries(ASKING))("is told so, and changes nothing: %s", async (_, ask) => {
      const gateway = open();
      gateway.epoch = epochOf(2);
      await gateway.call("held");
      const held = await gateway.take("c1");
      await gateway.call("waiting");
      for (const stale of [epochOf(1), { ...epochOf(2), fence: "another" }]) {
        gateway.epoch = stale;
        const answer = await ask(gateway, held);
        expect(answer).toEqual(ask === ASKING["a call"] ? { answer: "stale" } : "stale");
      }
      expect(await gateway.load()).toEqual({ queued: 1, claimed: 1, consumers: 1 });
      expect(await gateway.status("new")).toBeUndefined();
      gateway.epoch = epochOf(2);
      expect(await gateway.settle(held)).toBe("taken");
      expect(idsOf(await gateway.calls())).toEqual(["waiting"]);
    });

    it("can neither begin nor end anything", async () => {
      const { gateway, held } = await busy();
      gateway.epoch = epochOf(2);
      await gateway.call("new");
      await gateway.gateway.open(epochOf(1), gateway.now);
      await gateway.gateway.close(epochOf(1), gateway.now);
      expect(await gateway.status("new")).toBe("pending");
      expect(await gateway.settle(held)).toBe("call_settled");
    });
  });

  describe("the beginning of a registration", () => {
    it("is not taken from one that is not the later, which is told what it would have to be later than", async () => {
      const { gateway: port, now } = open();
      expect(await port.open(epochOf(2), now)).toBeUndefined();
      expect(await port.open(epochOf(2), now)).toBeUndefined();
      for (const early of [epochOf(1), { ...epochOf(2), fence: "another" }]) {
        expect(await port.open(early, now)).toBe(epochOf(2).registeredAt);
      }
      await port.close(epochOf(2), now);
      expect(await port.open(epochOf(1), now)).toBe(epochOf(2).registeredAt);
      expect(await port.open(epochOf(2), now)).toBe(epochOf(2).registeredAt);
      expect(await port.open(epochOf(3), now)).toBeUndefined();
    });
  });

  describe("a toolset that was unregistered", () => {
    it("fails what waited for it, and lets its providers go", async () => {
      const { gateway } = await busy();
      await gateway.gateway.close(gateway.epoch, gateway.now);
      expect(await statuses(gateway)).toEqual(ENDED);
      expect(await gateway.load()).toEqual({ queued: 0, claimed: 0, consumers: 0 });
    });

    it.each(Object.entries(ASKING))("is told to those that still know it: %s", async (_, ask) => {
      const { gateway, held } = await busy();
      await gateway.gateway.close(gateway.epoch, gateway.now);
      for (const ended of [epochOf(1), epochOf(0)]) {
        gateway.epoch = ended;
        const answer = await ask(gateway, held);
        expect(answer).toEqual(ask === ASKING["a call"] ? { answer: "stale" } : "stale");
      }
      expect(await gateway.load()).toEqual({ queued: 0, claimed: 0, consumers: 0 });
    });

    it("stays so when it is told again, or when its beginning comes late", async () => {
      const { gateway } = await busy();
      await gateway.gateway.close(gateway.epoch, gateway.now);
      await gateway.gateway.close(gateway.epoch, gateway.now);
      await gateway.gateway.open(gateway.epoch, gateway.now);
      expect(await gateway.call("new")).toEqual({ answer: "stale" });
    });

    it("can be registered again by whoever is later, in the same instant by the order of fences", async () => {
      for (const { fence, later } of [
        { fence: "fence-2", later: 0 },
        { fence: "a fence before", later: 1 },
      ]) {
        const { gateway, held } = await busy();
        await gateway.gateway.close(gateway.epoch, gateway.now);
        const ended = gateway.epoch;
        gateway.epoch = { fence, registeredAt: ended.registeredAt + later };
        await gateway.gateway.open(gateway.epoch, gateway.now);
        expect(await gateway.call("new")).toMatchObject({ answer: "taken" });
        expect(await gateway.settle(held)).toBe("call_settled");
        expect(idsOf(await gateway.calls())).toEqual(["new"]);
        gateway.epoch = ended;
        expect(await gateway.call("late")).toEqual({ answer: "stale" });
      }
    });

    it("of which the gateway never heard leaves nothing behind but that it ended", async () => {
      const gateway = open();
      await gateway.gateway.close(gateway.epoch, gateway.now);
      expect(await gateway.call("late")).toEqual({ answer: "stale" });
      expect(await gateway.wakesInMs()).toBeNull();
    });
  });
}
